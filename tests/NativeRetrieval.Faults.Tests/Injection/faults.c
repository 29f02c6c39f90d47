/*
 * Stands between a program and the C library (LD_PRELOAD) and sees every operation that changes files under one folder. It counts them,
 * makes the one of a given number fail, and writes all that succeeded into a log from which the folder can be made again at any moment.
 * With no folder set, every call goes straight through.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* Ways of failing; FaultMode.cs has the same numbers. */
enum { NONE = 0, ONCE = 1, FULL = 2, DEAD = 3, SHORT = 4 };

/* FaultKind, too. TAKES: needs room on the disk. WRITE: takes room, and may be carried out in part. OTHER: needs none. */
enum kind { TAKES, WRITE, OTHER };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static volatile int watching;
static int mode;
static long fail_at, count, hits;
static int log_file = -1;
static char first_hit[PATH_MAX + 64];
static char kinds[1 << 16];

#define REAL(result, name, ...) \
    static result (*real_##name)(__VA_ARGS__); \
    if (!real_##name) real_##name = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static int is_watched(const char *path)
{
    return watching && path && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

/* The path of an open file, if it is a watched one that still has a name. */
static int path_of(int descriptor, char *path)
{
    if (!watching) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    static const char deleted[] = " (deleted)";
    if (length > 10 && !strcmp(path + length - 10, deleted)) return 0;
    return is_watched(path);
}

/* Counts one operation; returns 0 to let it happen, -1 to carry out half of it, or the number of the error it meets. */
static int strike(enum kind kind, const char *name, const char *path)
{
    long number = ++count;
    if (number < (long)sizeof kinds) kinds[number] = (char)kind;
    if (mode == NONE || number < fail_at || (number > fail_at && mode != FULL && mode != DEAD)) return 0;
    int error = kind == OTHER ? EIO : ENOSPC;
    if (mode == DEAD) error = EIO;
    if (mode == FULL && kind == OTHER) return 0;
    if (mode == SHORT && kind != WRITE) return 0;
    if (!hits++) snprintf(first_hit, sizeof first_hit, "%s %s", name, path);
    if (kind == WRITE && (mode == SHORT || (mode == FULL && hits == 1))) return -1;
    return error;
}

static void put(const void *bytes, size_t length)
{
    REAL(ssize_t, write, int, const void *, size_t);
    const char *at = bytes;
    while (length > 0) {
        ssize_t done = real_write(log_file, at, length);
        if (done <= 0) abort();
        at += done;
        length -= (size_t)done;
    }
}

/* type, number, offset or length, sizes of both paths and of the data, paths, data */
static void record(char type, const char *path, const char *other, int64_t offset, const void *data, int64_t length)
{
    if (log_file < 0) return;
    int64_t head[6] = { type, count, offset, (int64_t)strlen(path), other ? (int64_t)strlen(other) : 0, length };
    put(head, sizeof head);
    put(path, (size_t)head[3]);
    if (other) put(other, (size_t)head[4]);
    if (length > 0) put(data, (size_t)length);
}

EXPORT void faults_watch(const char *folder)
{
    pthread_mutex_lock(&lock);
    watching = 0;
    if (folder) {
        snprintf(root, sizeof root, "%s", folder);
        root_length = strlen(root);
        watching = 1;
    }
    mode = NONE;
    count = hits = 0;
    first_hit[0] = 0;
    pthread_mutex_unlock(&lock);
}

EXPORT void faults_arm(long at, int how)
{
    pthread_mutex_lock(&lock);
    fail_at = at;
    mode = how;
    pthread_mutex_unlock(&lock);
}

EXPORT void faults_log(const char *path)
{
    REAL(int, open, const char *, int, ...);
    REAL(int, close, int);
    pthread_mutex_lock(&lock);
    if (log_file >= 0) real_close(log_file);
    log_file = path ? real_open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600) : -1;
    pthread_mutex_unlock(&lock);
}

EXPORT long faults_count(void) { return count; }

/* The kind of an operation that was counted since the folder was set. */
EXPORT int faults_kind(long number) { return number > 0 && number < (long)sizeof kinds ? kinds[number] : OTHER; }

EXPORT const char *faults_first_hit(void) { return first_hit; }

/* Lets an operation on a path fail, or carries it out under the lock and logs it when it succeeded. */
#define ON_PATH(kind, name, path, failure, call, logged) \
    do { \
        pthread_mutex_lock(&lock); \
        int error = strike(kind, name, path); \
        if (error > 0) { \
            pthread_mutex_unlock(&lock); \
            errno = error; \
            return failure; \
        } \
        __typeof__(call) result = call; \
        int kept = errno; \
        if (result == 0) { logged; } \
        pthread_mutex_unlock(&lock); \
        errno = kept; \
        return result; \
    } while (0)

static int open_watched(int (*real)(const char *, int, ...), const char *path, int flags, mode_t permissions)
{
    int changes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    if (!changes || !is_watched(path)) return real(path, flags, permissions);
    pthread_mutex_lock(&lock);
    struct stat status;
    int exists = stat(path, &status) == 0;
    int creates = !exists && (flags & O_CREAT);
    int error = strike(creates ? TAKES : OTHER, "open", path);
    if (error > 0) {
        pthread_mutex_unlock(&lock);
        errno = error;
        return -1;
    }
    int descriptor = real(path, flags, permissions);
    int kept = errno;
    if (descriptor >= 0) {
        if (creates) record('C', path, NULL, 0, NULL, 0);
        else if (flags & O_TRUNC) record('T', path, NULL, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = kept;
    return descriptor;
}

static mode_t permissions_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name) \
    EXPORT int name(const char *path, int flags, ...) \
    { \
        REAL(int, name, const char *, int, ...); \
        va_list arguments; \
        va_start(arguments, flags); \
        mode_t permissions = permissions_of(flags, arguments); \
        va_end(arguments); \
        return open_watched(real_##name, path, flags, permissions); \
    }

OPEN(open)
OPEN(open64)

#define OPEN_AT(name, plain) \
    EXPORT int name(int folder, const char *path, int flags, ...) \
    { \
        REAL(int, name, int, const char *, int, ...); \
        va_list arguments; \
        va_start(arguments, flags); \
        mode_t permissions = permissions_of(flags, arguments); \
        va_end(arguments); \
        return is_watched(path) ? plain(path, flags, permissions) : real_##name(folder, path, flags, permissions); \
    }

OPEN_AT(openat, open)
OPEN_AT(openat64, open64)

EXPORT int creat(const char *path, mode_t permissions) { return open(path, O_CREAT | O_TRUNC | O_WRONLY, permissions); }

EXPORT int creat64(const char *path, mode_t permissions) { return open64(path, O_CREAT | O_TRUNC | O_WRONLY, permissions); }

/* offset -1: at the file's own position. */
static ssize_t write_watched(int descriptor, const char *path, const void *bytes, size_t length, off_t offset)
{
    REAL(ssize_t, write, int, const void *, size_t);
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
    pthread_mutex_lock(&lock);
    int error = strike(WRITE, "write", path);
    if (error < 0) {
        length /= 2;
        if (length == 0) error = ENOSPC;
    }
    if (error > 0) {
        pthread_mutex_unlock(&lock);
        errno = error;
        return -1;
    }
    struct stat status;
    fstat(descriptor, &status);
    off_t at = fcntl(descriptor, F_GETFL) & O_APPEND ? status.st_size : offset >= 0 ? offset : lseek(descriptor, 0, SEEK_CUR);
    ssize_t done = offset >= 0 ? real_pwrite(descriptor, bytes, length, offset) : real_write(descriptor, bytes, length);
    int kept = errno;
    if (done > 0) record('W', path, NULL, at, bytes, done);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

EXPORT ssize_t write(int descriptor, const void *bytes, size_t length)
{
    REAL(ssize_t, write, int, const void *, size_t);
    char path[PATH_MAX];
    return path_of(descriptor, path) ? write_watched(descriptor, path, bytes, length, -1) : real_write(descriptor, bytes, length);
}

#define PWRITE(name) \
    EXPORT ssize_t name(int descriptor, const void *bytes, size_t length, off_t offset) \
    { \
        REAL(ssize_t, name, int, const void *, size_t, off_t); \
        char path[PATH_MAX]; \
        return path_of(descriptor, path) ? write_watched(descriptor, path, bytes, length, offset) \
            : real_##name(descriptor, bytes, length, offset); \
    }

PWRITE(pwrite)
PWRITE(pwrite64)

/* A write of several pieces may always stop after the first. */
EXPORT ssize_t writev(int descriptor, const struct iovec *pieces, int number)
{
    REAL(ssize_t, writev, int, const struct iovec *, int);
    char path[PATH_MAX];
    return number > 0 && path_of(descriptor, path) ? write_watched(descriptor, path, pieces[0].iov_base, pieces[0].iov_len, -1)
        : real_writev(descriptor, pieces, number);
}

#define PWRITEV(name) \
    EXPORT ssize_t name(int descriptor, const struct iovec *pieces, int number, off_t offset) \
    { \
        REAL(ssize_t, name, int, const struct iovec *, int, off_t); \
        char path[PATH_MAX]; \
        return number > 0 && path_of(descriptor, path) ? write_watched(descriptor, path, pieces[0].iov_base, pieces[0].iov_len, offset) \
            : real_##name(descriptor, pieces, number, offset); \
    }

PWRITEV(pwritev)
PWRITEV(pwritev64)

/* Counted and logged, but never done: nothing here has to outlive the machine, and waiting for the disk takes most of a run's time. */
#define SYNC(name) \
    EXPORT int name(int descriptor) \
    { \
        char path[PATH_MAX]; \
        if (!path_of(descriptor, path)) return 0; \
        ON_PATH(OTHER, "fsync", path, -1, 0, record('F', path, NULL, 0, NULL, 0)); \
    }

SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name) \
    EXPORT int name(int descriptor, off_t length) \
    { \
        REAL(int, name, int, off_t); \
        char path[PATH_MAX]; \
        if (!path_of(descriptor, path)) return real_##name(descriptor, length); \
        struct stat status; \
        enum kind kind = fstat(descriptor, &status) == 0 && status.st_size < length ? TAKES : OTHER; \
        ON_PATH(kind, "truncate", path, -1, real_##name(descriptor, length), record('T', path, NULL, length, NULL, 0)); \
    }

TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define ALLOCATE(name) \
    EXPORT int name(int descriptor, off_t offset, off_t length) \
    { \
        REAL(int, name, int, off_t, off_t); \
        char path[PATH_MAX]; \
        if (!path_of(descriptor, path)) return real_##name(descriptor, offset, length); \
        pthread_mutex_lock(&lock); \
        int error = strike(TAKES, "allocate", path); \
        if (error <= 0) { \
            error = real_##name(descriptor, offset, length); \
            struct stat status; \
            if (error == 0 && fstat(descriptor, &status) == 0) record('T', path, NULL, status.st_size, NULL, 0); \
        } \
        pthread_mutex_unlock(&lock); \
        return error; \
    }

ALLOCATE(posix_fallocate)
ALLOCATE(posix_fallocate64)

/* Copies inside the kernel are refused, so that programs fall back to reading and writing, which is seen. */
EXPORT ssize_t sendfile(int output, int input, off_t *offset, size_t length)
{
    REAL(ssize_t, sendfile, int, int, off_t *, size_t);
    char path[PATH_MAX];
    if (!path_of(output, path)) return real_sendfile(output, input, offset, length);
    errno = EINVAL;
    return -1;
}

EXPORT ssize_t sendfile64(int output, int input, off_t *offset, size_t length)
{
    REAL(ssize_t, sendfile64, int, int, off_t *, size_t);
    char path[PATH_MAX];
    if (!path_of(output, path)) return real_sendfile64(output, input, offset, length);
    errno = EINVAL;
    return -1;
}

EXPORT ssize_t copy_file_range(int input, off_t *from, int output, off_t *to, size_t length, unsigned flags)
{
    REAL(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned);
    char path[PATH_MAX];
    if (!path_of(output, path)) return real_copy_file_range(input, from, output, to, length, flags);
    errno = EOPNOTSUPP;
    return -1;
}

EXPORT int rename(const char *from, const char *to)
{
    REAL(int, rename, const char *, const char *);
    if (!is_watched(from) && !is_watched(to)) return real_rename(from, to);
    ON_PATH(TAKES, "rename", to, -1, real_rename(from, to), record('R', from, to, 0, NULL, 0));
}

EXPORT int link(const char *from, const char *to)
{
    REAL(int, link, const char *, const char *);
    if (!is_watched(to)) return real_link(from, to);
    ON_PATH(TAKES, "link", to, -1, real_link(from, to), record('L', from, to, 0, NULL, 0));
}

EXPORT int unlink(const char *path)
{
    REAL(int, unlink, const char *);
    if (!is_watched(path)) return real_unlink(path);
    ON_PATH(OTHER, "delete", path, -1, real_unlink(path), record('U', path, NULL, 0, NULL, 0));
}

EXPORT int mkdir(const char *path, mode_t permissions)
{
    REAL(int, mkdir, const char *, mode_t);
    if (!is_watched(path)) return real_mkdir(path, permissions);
    ON_PATH(TAKES, "make folder", path, -1, real_mkdir(path, permissions), record('M', path, NULL, 0, NULL, 0));
}

EXPORT int rmdir(const char *path)
{
    REAL(int, rmdir, const char *);
    if (!is_watched(path)) return real_rmdir(path);
    ON_PATH(OTHER, "delete folder", path, -1, real_rmdir(path), record('U', path, NULL, 0, NULL, 0));
}

/* The C library's relative forms, with the paths that a watched folder's users give: absolute ones. */
EXPORT int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    REAL(int, renameat, int, const char *, int, const char *);
    return is_watched(from) || is_watched(to) ? rename(from, to) : real_renameat(from_folder, from, to_folder, to);
}

EXPORT int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    REAL(int, renameat2, int, const char *, int, const char *, unsigned);
    if (!is_watched(from) && !is_watched(to)) return real_renameat2(from_folder, from, to_folder, to, flags);
    ON_PATH(TAKES, "rename", to, -1, real_renameat2(from_folder, from, to_folder, to, flags), record('R', from, to, 0, NULL, 0));
}

EXPORT int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    REAL(int, linkat, int, const char *, int, const char *, int);
    return is_watched(to) ? link(from, to) : real_linkat(from_folder, from, to_folder, to, flags);
}

EXPORT int unlinkat(int folder, const char *path, int flags)
{
    REAL(int, unlinkat, int, const char *, int);
    if (!is_watched(path)) return real_unlinkat(folder, path, flags);
    return flags & AT_REMOVEDIR ? rmdir(path) : unlink(path);
}

EXPORT int mkdirat(int folder, const char *path, mode_t permissions)
{
    REAL(int, mkdirat, int, const char *, mode_t);
    return is_watched(path) ? mkdir(path, permissions) : real_mkdirat(folder, path, permissions);
}
