import Kernels
import PipelineTypes

/// One microbatch on its way through a stage's layers, as every worker of the pool runs it.
struct LayerPass {
    private let stage: DecoderStage
    private let microbatch: Microbatch
    private let rows: MicrobatchRows
    private let split: WorkSplit
    private let residual: Rows
    private let angles: Rows
    private let queries: [Rows]
    private let attention: Rows
    private let parts: Rows

    init(stage: DecoderStage, microbatch: Microbatch, rows: MicrobatchRows, split: WorkSplit) {
        self.stage = stage
        self.microbatch = microbatch
        self.rows = rows
        self.split = split
        residual = stage.buffers.residual.rows
        angles = stage.buffers.angles.rows
        queries = stage.buffers.queries
        attention = stage.buffers.attention.rows
        parts = stage.buffers.attentionParts.rows
    }

    private var rowCount: Int {
        rows.places.count
    }

    /// What all layers need: the rotation angles, and pages without traces of earlier requests.
    func prepare(_ worker: Worker, frequencies: [Float]) {
        for page in worker.share(of: rows.newPages.count) {
            stage.cache.clearValues(ofPage: rows.newPages[page])
        }
        for row in worker.share(of: rowCount) {
            angles.withRow(row) { angles in
                var span = angles.mutableSpan
                RotaryEmbedding.writeAngles(
                    position: rows.places[row].position, frequencies: frequencies, to: &span)
            }
        }
        worker.barrier()
        guard !stage.weights.layers.isEmpty else { return }
        split.forEachPortion(ofRows: rowCount, worker) { project(layer: 0, $0, worker) }
    }

    /// One layer; its queries, keys and values are there already, and it leaves those of the next.
    ///
    /// - Parameter progress: see `DecoderStage.forward`.
    func run(layer: Int, _ worker: Worker, progress: () -> Void) {
        worker.forEachTask(rows.attentionTasks.count) { index in
            let task = rows.attentionTasks[index]
            worker.attending { attend(layer: layer, task, worker) }
            if worker.index == 0, task.tokens > 1 { progress() }
        }
        if !rows.merges.isEmpty {
            worker.forEachTask(rows.merges.count) { task in
                worker.attending { merge(layer: layer, rows.merges[task]) }
            }
        }
        let hasNext = layer + 1 < stage.weights.layers.count
        split.forEachPortion(ofRows: rowCount, worker) { portion in
            feedForward(layer: layer, portion, worker)
            if hasNext { project(layer: layer + 1, portion, worker) }
        }
        if worker.index == 0 { progress() }
    }

    /// Normalises and projects to queries, keys and values; rotates them; stores keys and values.
    private func project(layer: Int, _ portion: Portion, _ worker: Worker) {
        let weights = stage.weights.layers[layer]
        let normed = normalize(portion, weight: weights.attentionNorm, worker)
        let input = input(normed, for: weights.qkv, portion, worker)
        let qkv = stage.blocks[portion.owner].qkv.rows
        for panel in portion.panels(of: weights.qkv.panelCount) {
            let product = worker.product(
                input, by: weights.qkv, panel: panel, rows: portion.rows.count)
            qkv.columns(weights.qkv.columns(ofPanel: panel))
                .copy(from: product, rows: portion.rows.count)
        }
        portion.synchronize()
        for row in portion.ownRows {
            let place = rows.places[row]
            stage.kernels.rotate(
                qkv: qkv, row: row - portion.rows.lowerBound, angles: angles, token: row,
                queries: queries, shape: stage.shape,
                page: stage.cache.page(place.page, layer: layer),
                headStride: stage.cache.layout.headStride, slot: place.slot)
        }
    }

    private func attend(layer: Int, _ task: MicrobatchRows.AttentionTask, _ worker: Worker) {
        let run = attentionRun(layer: layer, task)
        guard let segments = task.segments else {
            let scratch = stage.blocks[worker.index].attentionScratch.rows
            return stage.kernels.attend(run, scratch: scratch)
        }
        for segment in segments {
            stage.kernels.attend(run, segment: segment, parts: parts.dropFirst(task.firstPart))
        }
    }

    private func merge(layer: Int, _ task: MicrobatchRows.AttentionTask) {
        stage.kernels.mergeSegments(
            of: attentionRun(layer: layer, task), parts: parts.dropFirst(task.firstPart))
    }

    private func attentionRun(layer: Int, _ task: MicrobatchRows.AttentionTask) -> AttentionRun {
        let width = stage.shape.group * stage.shape.headSize
        return AttentionRun(
            queries: queries[task.kvHead],
            out: attention.columns(task.kvHead * width..<(task.kvHead + 1) * width),
            firstToken: task.row, tokens: task.tokens, position: task.position,
            pageTable: microbatch.chunks[task.chunk].pages,
            pages: stage.cache.pages(layer: layer, head: task.kvHead),
            groupStride: stage.cache.layout.groupStride, shape: stage.shape)
    }

    /// The rest of a layer after attention: output projection and SwiGLU, both onto the residual.
    private func feedForward(layer: Int, _ portion: Portion, _ worker: Worker) {
        let weights = stage.weights.layers[layer]
        addProduct(
            of: attention.dropFirst(portion.rows.lowerBound), by: weights.attentionOutput,
            portion, worker)
        let normed = normalize(portion, weight: weights.feedForwardNorm, worker)
        let input = input(normed, for: weights.gateUp, portion, worker)
        let activated = stage.blocks[portion.owner].activated.rows
        for panel in portion.panels(of: weights.gateUp.panelCount) {
            let gateUp = worker.product(
                input, by: weights.gateUp, panel: panel, rows: portion.rows.count)
            let width = gateUp.width / 2
            let first = panel * weights.gateWidth
            stage.kernels.siluMultiply(
                gate: gateUp.columns(0..<width), up: gateUp.columns(width..<2 * width),
                rows: portion.rows.count, into: activated.columns(first..<first + width))
        }
        portion.synchronize()
        addProduct(of: activated, by: weights.down, portion, worker)
    }

    /// residual += source · matrix, for the portion's rows.
    private func addProduct(
        of source: Rows, by matrix: LinearWeights, _ portion: Portion, _ worker: Worker
    ) {
        let input = input(source, for: matrix, portion, worker)
        let target = residual.dropFirst(portion.rows.lowerBound)
        for panel in portion.panels(of: matrix.panelCount) {
            let product = worker.product(
                input, by: matrix, panel: panel, rows: portion.rows.count)
            stage.kernels.add(
                product, rows: portion.rows.count,
                to: target.columns(matrix.columns(ofPanel: panel)))
        }
        portion.synchronize()
    }

    /// What products of the portion's rows read; each worker rounds them for itself if need be.
    private func input(
        _ source: Rows, for matrix: LinearWeights, _ portion: Portion, _ worker: Worker
    ) -> LinearInput {
        LinearInput(
            source, rows: portion.rows.count, for: matrix,
            memory: stage.blocks[worker.index].rounded)
    }

    /// Normalises the portion's rows into the worker's own block; where workers share rows, each
    /// does so for itself, which is cheaper than waiting.
    private func normalize(_ portion: Portion, weight: [Float], _ worker: Worker) -> Rows {
        let normed = stage.blocks[worker.index].normed.rows
        stage.kernels.normalize(
            residual, rows: portion.rows, weight: weight,
            epsilon: stage.configuration.normEpsilon, into: normed)
        return normed
    }
}
