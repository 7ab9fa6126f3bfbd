#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static int fail_and_close(int fd) {
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

static int unix_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return 0;
}

int penstock_listen_unix(const char *path) {
    struct sockaddr_un address;
    if (unix_address(path, &address) < 0) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return fail_and_close(fd);
    if (chmod(path, 0600) < 0 || listen(fd, BACKLOG) < 0) return fail_and_close(fd);
    return fd;
}

int penstock_connect_unix(const char *path) {
    struct sockaddr_un address;
    if (unix_address(path, &address) < 0) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) return fail_and_close(fd);
    return fd;
}

typedef int (*use_address)(int fd, const struct sockaddr *address, socklen_t size);

static int first_usable_address(
    const char *host, const char *port, int flags, int type, use_address use) {
    struct addrinfo hints = {.ai_flags = flags, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    if (getaddrinfo(host, port, &hints, &list) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int fd = -1;
    for (struct addrinfo *entry = list; entry && fd < 0; entry = entry->ai_next) {
        fd = socket(entry->ai_family, type, entry->ai_protocol);
        if (fd >= 0 && use(fd, entry->ai_addr, entry->ai_addrlen) < 0) fd = fail_and_close(fd);
    }
    freeaddrinfo(list);
    return fd;
}

static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t size) {
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, address, size) < 0 ? -1 : listen(fd, BACKLOG);
}

static int connect_without_delay(int fd, const struct sockaddr *address, socklen_t size) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return connect(fd, address, size);
}

int penstock_listen_tcp(const char *host, const char *port) {
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    return first_usable_address(host, port, AI_PASSIVE, type, bind_and_listen);
}

int penstock_connect_tcp(const char *host, const char *port) {
    return first_usable_address(host, port, 0, SOCK_STREAM | SOCK_CLOEXEC, connect_without_delay);
}

int penstock_bound_port(int listener) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(listener, (struct sockaddr *)&address, &size) < 0) return -1;
    if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int penstock_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int on = 1;
    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // not TCP: no effect
    return fd;
}

int penstock_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void penstock_wake(int fd) {
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);  // fails only when already awake
    (void)written;
}

void penstock_drain(int fd) {
    uint64_t count;
    ssize_t taken = read(fd, &count, sizeof count);
    (void)taken;
}

int penstock_pidfd(int pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int penstock_signal_pidfd(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int penstock_wait_readable(int fd, int64_t nanoseconds) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int ready = ppoll(&entry, 1, nanoseconds < 0 ? NULL : &time, NULL);
    return ready < 0 && errno == EINTR ? 0 : ready;
}

int penstock_pipe(int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *write_end = ends[1];
    return ends[0];
}

// An array of pointers to the strings in `block`, ended by NULL; the caller frees it.
static char **strings_in(const uint8_t *block, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++) count += block[i] == 0;
    char **strings = calloc(count + 1, sizeof *strings);
    if (!strings) return NULL;
    const uint8_t *next = block;
    for (size_t i = 0; i < count; i++) {
        strings[i] = (char *)next;
        next += strlen((const char *)next) + 1;
    }
    return strings;
}

int penstock_spawn(
    const char *program, const uint8_t *arguments, size_t arguments_size,
    const uint8_t *environment, size_t environment_size, int output) {
    char **argv = strings_in(arguments, arguments_size);
    char **envp = strings_in(environment, environment_size);
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    sigset_t none, ordinary;
    sigemptyset(&none);
    sigfillset(&ordinary);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &ordinary);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, output, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);

    pid_t pid = -1;
    int failure = argv && envp ? 0 : ENOMEM;
    if (!failure) failure = posix_spawn(&pid, program, &actions, &attributes, argv, envp);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(argv);
    free(envp);
    if (failure) {
        errno = failure;
        return -1;
    }
    return pid;
}

int penstock_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds);
}

int penstock_prefer_thread(int preferred) {
    const int policy = preferred ? SCHED_FIFO : SCHED_OTHER;
    const struct sched_param parameters = {.sched_priority = sched_get_priority_min(policy)};
    return sched_setscheduler(0, policy, &parameters);
}

int penstock_restrict_to_processors(const int32_t *processors, size_t count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t i = 0; i < count; i++) {
        if (processors[i] < 0 || processors[i] >= CPU_SETSIZE) {
            errno = EINVAL;
            return -1;
        }
        CPU_SET(processors[i], &set);
    }
    return sched_setaffinity(0, sizeof set, &set);
}

struct hangup_watch {
    int socket;
    int status;
};

static void *watch_for_hangup(void *argument) {
    struct hangup_watch watch = *(struct hangup_watch *)argument;
    free(argument);
    struct pollfd entry = {.fd = watch.socket, .events = POLLRDHUP};
    while (poll(&entry, 1, -1) < 0 && errno == EINTR) {
    }
    _exit(watch.status);
}

int penstock_exit_on_hangup(int socket, int status) {
    struct hangup_watch *watch = malloc(sizeof *watch);
    if (!watch) return -1;
    *watch = (struct hangup_watch){socket, status};
    pthread_t thread;
    int failure = pthread_create(&thread, NULL, watch_for_hangup, watch);
    if (failure) {
        free(watch);
        errno = failure;
        return -1;
    }
    pthread_detach(thread);
    return 0;
}

int penstock_lock_file(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return -1;
    return flock(fd, LOCK_EX | LOCK_NB) < 0 ? fail_and_close(fd) : fd;
}
