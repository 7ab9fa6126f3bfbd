// The kernels of a layer for one combination of number types. Needs vector.inc.h, NAME,
// ACTIVATION_BF16, CACHE_BF16 and CACHE_INT8.
#include "pages.inc.h"
#include "attention.inc.h"
#include "rows.inc.h"
