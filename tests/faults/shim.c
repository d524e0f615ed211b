/* Fails the n-th call of a kind on the files under a folder: preloaded, and armed by the process that is to meet the failure. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE, RENAME, FSYNC, READ, KINDS };

static char folder[PATH_MAX];
static atomic_long calls[KINDS], failed;
static atomic_int armed_kind = -1, lasting;
static atomic_long armed_at;

/* kind: which calls; at: the first that fails, from 0; stays: whether those after it fail too. */
void shim_arm(const char *under, int kind, long at, int stays) {
    strncpy(folder, under, sizeof folder - 1);
    for (int k = 0; k < KINDS; k++) calls[k] = 0;
    failed = 0;
    armed_at = at;
    lasting = stays;
    armed_kind = kind;
}

void shim_disarm(void) { armed_kind = -1; folder[0] = 0; }
long shim_calls(int kind) { return calls[kind]; }
long shim_failed(void) { return failed; }

static int fails(int kind, const char *path) {
    if (!folder[0] || strncmp(path, folder, strlen(folder))) return 0;
    long n = atomic_fetch_add(&calls[kind], 1);
    if (kind != armed_kind || n < armed_at || (n > armed_at && !lasting)) return 0;
    failed++;
    errno = kind == WRITE ? ENOSPC : EIO;
    return 1;
}

static int fails_on(int kind, int fd) {
    if (!folder[0]) return 0;
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0) return 0;
    path[length] = 0;
    return fails(kind, path);
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define ON_FD(kind, type, name, parameters, arguments, ...) \
    type name parameters { \
        REAL(type, #name, __VA_ARGS__); \
        return fails_on(kind, fd) ? -1 : real arguments; \
    }

ON_FD(WRITE, ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n), int, const void *, size_t)
ON_FD(WRITE, ssize_t, pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o), int, const void *, size_t, off_t)
ON_FD(WRITE, ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o), int, const void *, size_t, off64_t)
ON_FD(WRITE, ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), int, const struct iovec *, int)
ON_FD(WRITE, ssize_t, sendfile, (int fd, int from, off_t *o, size_t n), (fd, from, o, n), int, int, off_t *, size_t)
ON_FD(WRITE, ssize_t, sendfile64, (int fd, int from, off64_t *o, size_t n), (fd, from, o, n), int, int, off64_t *, size_t)
ON_FD(READ, ssize_t, read, (int fd, void *b, size_t n), (fd, b, n), int, void *, size_t)
ON_FD(READ, ssize_t, pread, (int fd, void *b, size_t n, off_t o), (fd, b, n, o), int, void *, size_t, off_t)
ON_FD(READ, ssize_t, pread64, (int fd, void *b, size_t n, off64_t o), (fd, b, n, o), int, void *, size_t, off64_t)
ON_FD(FSYNC, int, fsync, (int fd), (fd), int)
ON_FD(FSYNC, int, fdatasync, (int fd), (fd), int)

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return fails(RENAME, to) ? -1 : real(from, to);
}
