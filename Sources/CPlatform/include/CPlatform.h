// What the C library offers and Swift cannot import: variadic functions, macros over structures,
// socket addresses, and headers outside the Glibc module. Strings and integers only, so that
// callers need no pointers of their own. Functions return -1 and set errno unless they say
// otherwise; every file descriptor is close-on-exec.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Listens on a path in the file system that only this user can connect to.
int penstock_listen_unix(const char *path);
// Listens on a host's address; port "0" takes a free one.
int penstock_listen_tcp(const char *host, const char *port);
// The port that a TCP listener got.
int penstock_bound_port(int listener);
int penstock_connect_unix(const char *path);
int penstock_connect_tcp(const char *host, const char *port);
// Accepts one waiting connection as a nonblocking socket.
int penstock_accept(int listener);

// A counter that makes poll() return; penstock_wake adds to it, penstock_drain takes all of it.
int penstock_eventfd(void);
void penstock_wake(int eventfd);
void penstock_drain(int eventfd);

// A descriptor that becomes readable when the process ends.
int penstock_pidfd(int pid);
// Signals the process behind such a descriptor, which cannot be another that took its id.
int penstock_signal_pidfd(int pidfd, int signal);
// Blocks until `fd` is readable (1) or so many nanoseconds have passed (0); a negative time
// waits for ever.
int penstock_wait_readable(int fd, int64_t nanoseconds);

// A pipe: returns the end to read from, which never blocks, and sets the end to write to.
int penstock_pipe(int *write_end);
// Starts a program in its own process group, its standard input empty, its standard output and
// error both on `output`, and no other descriptor open. `arguments` and `environment` are strings
// one after another, each ended by a zero byte. Returns the process id.
int penstock_spawn(
    const char *program, const uint8_t *arguments, size_t arguments_size,
    const uint8_t *environment, size_t environment_size, int output);

// How late the kernel may wake a sleeping thread of this process.
int penstock_set_timer_slack(unsigned long nanoseconds);
// Lets the calling thread run before all others that are not in real time, as soon as it wakes up,
// or no longer (0). The user needs the right to do so.
int penstock_prefer_thread(int preferred);
// Restricts the calling thread, and the threads that it starts, to these processors.
int penstock_restrict_to_processors(const int32_t *processors, size_t count);
// Starts a thread that ends this process with `status` as soon as the socket's peer is gone,
// whatever the other threads are doing.
int penstock_exit_on_hangup(int socket, int status);
// Locks a file, which is made if it does not exist, for as long as the returned descriptor is
// open; fails with EWOULDBLOCK if another process holds the lock.
int penstock_lock_file(const char *path);
