package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every number and offset we use, against the C headers of this machine: a small C program prints
 * theirs.
 */
class AbiTest {
  /** What a C expression must be worth, in the order of the list. */
  private static final Map<String, Long> EXPECTED = new LinkedHashMap<>();

  @TempDir static Path directory;
  private static Map<String, Long> actual;

  @BeforeAll
  static void compileAndRun() throws Exception {
    systemCalls();
    files();
    memory();
    sockets();
    ring();
    ringLayouts();
    for (Errno errno : Errno.values()) {
      if (errno != Errno.UNKNOWN) {
        expect(errno.name(), errno.number());
      }
    }
    actual = new CHeaders(directory).valuesOf(EXPECTED.keySet());
  }

  @Test
  void everyNumberIsThatOfTheHeaders() {
    assertThat(actual).containsExactlyInAnyOrderEntriesOf(EXPECTED);
  }

  @Test
  void everyErrnoHasItsNameAndDescription() throws Exception {
    StringBuilder body = new StringBuilder();
    body.append("for (int i = 1; i < 134; i++) if (strerrorname_np(i))")
        .append(" printf(\"%d %s %s\\n\", i, strerrorname_np(i), strerrordesc_np(i));");

    String theirs = new CHeaders(directory).run("errno", body.toString());

    StringBuilder ours = new StringBuilder();
    for (int i = 1; i < 134; i++) {
      Errno errno = Errno.of(i);
      if (errno != Errno.UNKNOWN) {
        ours.append(i + " " + errno + " " + errno.describe() + "\n");
      }
    }
    assertThat(ours).hasToString(theirs);
  }

  private static void systemCalls() {
    expect("SYS_read", Syscall.READ);
    expect("SYS_write", Syscall.WRITE);
    expect("SYS_close", Syscall.CLOSE);
    expect("SYS_poll", Syscall.POLL);
    expect("SYS_mmap", Syscall.MMAP);
    expect("SYS_mprotect", Syscall.MPROTECT);
    expect("SYS_munmap", Syscall.MUNMAP);
    expect("SYS_ioctl", Syscall.IOCTL);
    expect("SYS_pread64", Syscall.PREAD64);
    expect("SYS_pwrite64", Syscall.PWRITE64);
    expect("SYS_madvise", Syscall.MADVISE);
    expect("SYS_getpid", Syscall.GETPID);
    expect("SYS_socket", Syscall.SOCKET);
    expect("SYS_connect", Syscall.CONNECT);
    expect("SYS_bind", Syscall.BIND);
    expect("SYS_listen", Syscall.LISTEN);
    expect("SYS_sendmsg", Syscall.SENDMSG);
    expect("SYS_recvmsg", Syscall.RECVMSG);
    expect("SYS_socketpair", Syscall.SOCKETPAIR);
    expect("SYS_getsockname", Syscall.GETSOCKNAME);
    expect("SYS_getpeername", Syscall.GETPEERNAME);
    expect("SYS_getsockopt", Syscall.GETSOCKOPT);
    expect("SYS_accept4", Syscall.ACCEPT4);
    expect("SYS_kill", Syscall.KILL);
    expect("SYS_fcntl", Syscall.FCNTL);
    expect("SYS_flock", Syscall.FLOCK);
    expect("SYS_fdatasync", Syscall.FDATASYNC);
    expect("SYS_ftruncate", Syscall.FTRUNCATE);
    expect("SYS_fstatfs", Syscall.FSTATFS);
    expect("SYS_getpriority", Syscall.GETPRIORITY);
    expect("SYS_setpriority", Syscall.SETPRIORITY);
    expect("SYS_gettid", Syscall.GETTID);
    expect("SYS_sched_setaffinity", Syscall.SCHED_SETAFFINITY);
    expect("SYS_sched_getaffinity", Syscall.SCHED_GETAFFINITY);
    expect("SYS_clock_gettime", Syscall.CLOCK_GETTIME);
    expect("SYS_openat", Syscall.OPENAT);
    expect("SYS_fchownat", Syscall.FCHOWNAT);
    expect("SYS_fchmodat", Syscall.FCHMODAT);
    expect("SYS_timerfd_create", Syscall.TIMERFD_CREATE);
    expect("SYS_fallocate", Syscall.FALLOCATE);
    expect("SYS_timerfd_settime", Syscall.TIMERFD_SETTIME);
    expect("SYS_eventfd2", Syscall.EVENTFD2);
    expect("SYS_getrandom", Syscall.GETRANDOM);
    expect("SYS_memfd_create", Syscall.MEMFD_CREATE);
    expect("SYS_preadv2", Syscall.PREADV2);
    expect("SYS_pwritev2", Syscall.PWRITEV2);
    expect("SYS_statx", Syscall.STATX);
    expect("SYS_io_uring_setup", Syscall.IO_URING_SETUP);
    expect("SYS_io_uring_enter", Syscall.IO_URING_ENTER);
    expect("SYS_io_uring_register", Syscall.IO_URING_REGISTER);
  }

  private static void files() {
    expect("O_RDONLY", OpenFlag.READ_ONLY.bits);
    expect("O_RDWR", OpenFlag.READ_WRITE.bits);
    expect("O_CREAT", OpenFlag.CREATE.bits);
    expect("O_EXCL", OpenFlag.EXCLUSIVE.bits);
    expect("O_TRUNC", OpenFlag.TRUNCATE.bits);
    expect("O_NONBLOCK", OpenFlag.NONBLOCK.bits);
    expect("O_DSYNC", OpenFlag.DSYNC.bits);
    expect("O_DIRECT", OpenFlag.DIRECT.bits);
    expect("O_DIRECTORY", OpenFlag.DIRECTORY.bits);
    expect("O_NOFOLLOW", OpenFlag.NO_FOLLOW.bits);
    expect("O_CLOEXEC", OpenFlag.O_CLOEXEC);
    expect("AT_FDCWD", LinuxFiles.AT_FDCWD);
    expect("AT_EMPTY_PATH", LinuxFiles.AT_EMPTY_PATH);
    expect("FALLOC_FL_KEEP_SIZE", LinuxFiles.FALLOC_FL_KEEP_SIZE);
    expect("FALLOC_FL_PUNCH_HOLE", LinuxFiles.FALLOC_FL_PUNCH_HOLE);
    expect("FALLOC_FL_ZERO_RANGE", LinuxFiles.FALLOC_FL_ZERO_RANGE);
    expect("BLKSSZGET", LinuxFiles.BLKSSZGET);
    expect("BLKPBSZGET", LinuxFiles.BLKPBSZGET);
    expect("BLKGETSIZE64", Integer.toUnsignedLong(LinuxFiles.BLKGETSIZE64));
    expect("BLKDISCARD", LinuxFiles.BLKDISCARD);
    expect("F_OFD_GETLK", LinuxFiles.F_OFD_GETLK);
    expect("F_OFD_SETLK", LinuxFiles.F_OFD_SETLK);
    expect("F_RDLCK", LinuxFiles.F_RDLCK);
    expect("F_WRLCK", LinuxFiles.F_WRLCK);
    expect("F_UNLCK", LinuxFiles.F_UNLCK);
    expect("SEEK_SET", 0);
    expect("LOCK_EX", LinuxFiles.LOCK_EX);
    expect("LOCK_NB", LinuxFiles.LOCK_NB);
    expect("sizeof(struct flock)", LinuxFiles.FLOCK_BYTES);
    expect("offsetof(struct flock, l_type)", LinuxFiles.FLOCK_TYPE);
    expect("offsetof(struct flock, l_start)", LinuxFiles.FLOCK_START);
    expect("offsetof(struct flock, l_len)", LinuxFiles.FLOCK_LEN);
    expect("STATX_BASIC_STATS", FileStatus.STATX_BASIC_STATS);
    expect("STATX_DIOALIGN", FileStatus.STATX_DIOALIGN);
    expect("sizeof(struct statx)", FileStatus.STATX_BYTES);
    expect("offsetof(struct statx, stx_mask)", FileStatus.OFFSET_MASK);
    expect("offsetof(struct statx, stx_blksize)", FileStatus.OFFSET_BLKSIZE);
    expect("offsetof(struct statx, stx_mode)", FileStatus.OFFSET_MODE);
    expect("offsetof(struct statx, stx_ino)", FileStatus.OFFSET_INO);
    expect("offsetof(struct statx, stx_size)", FileStatus.OFFSET_SIZE);
    expect("offsetof(struct statx, stx_blocks)", FileStatus.OFFSET_BLOCKS);
    expect("offsetof(struct statx, stx_rdev_major)", FileStatus.OFFSET_RDEV_MAJOR);
    expect("offsetof(struct statx, stx_rdev_minor)", FileStatus.OFFSET_RDEV_MINOR);
    expect("offsetof(struct statx, stx_dev_major)", FileStatus.OFFSET_DEV_MAJOR);
    expect("offsetof(struct statx, stx_dev_minor)", FileStatus.OFFSET_DEV_MINOR);
    expect("offsetof(struct statx, stx_dio_mem_align)", FileStatus.OFFSET_DIO_MEM_ALIGN);
    expect("offsetof(struct statx, stx_dio_offset_align)", FileStatus.OFFSET_DIO_OFFSET_ALIGN);
  }

  private static void memory() {
    expect("PROT_READ", Mapping.PROT_READ);
    expect("PROT_WRITE", Mapping.PROT_WRITE);
    expect("PROT_EXEC", Mapping.PROT_EXEC);
    expect("MAP_SHARED", Mapping.MAP_SHARED);
    expect("MAP_PRIVATE", Mapping.MAP_PRIVATE);
    expect("MAP_ANONYMOUS", Mapping.MAP_ANONYMOUS);
    expect("MAP_NORESERVE", Mapping.MAP_NORESERVE);
    expect("MAP_POPULATE", Mapping.MAP_POPULATE);
    expect("MADV_HUGEPAGE", Mapping.MADV_HUGEPAGE);
    expect("MADV_DONTDUMP", Mapping.MADV_DONTDUMP);
    expect("MADV_POPULATE_WRITE", Mapping.MADV_POPULATE_WRITE);
    expect("MFD_HUGETLB", MemoryFile.MFD_HUGETLB);
    expect("MFD_HUGE_SHIFT", MemoryFile.MFD_HUGE_SHIFT);
    expect("MFD_CLOEXEC", MemoryFile.MFD_CLOEXEC);
    expect("MFD_ALLOW_SEALING", MemoryFile.MFD_ALLOW_SEALING);
    expect("F_ADD_SEALS", MemoryFile.F_ADD_SEALS);
    expect("F_GET_SEALS", MemoryFile.F_GET_SEALS);
    expect("F_SEAL_SEAL", MemoryFile.F_SEAL_SEAL);
    expect("F_SEAL_SHRINK", MemoryFile.F_SEAL_SHRINK);
    expect("F_SEAL_GROW", MemoryFile.F_SEAL_GROW);
    expect("F_SEAL_WRITE", MemoryFile.F_SEAL_WRITE);
    expect("F_DUPFD_CLOEXEC", FileDescriptor.F_DUPFD_CLOEXEC);
    expect("EFD_CLOEXEC", EventFd.EFD_CLOEXEC);
    expect("EFD_NONBLOCK", EventFd.EFD_NONBLOCK);
    expect("F_GETFL", EventFd.F_GETFL);
    expect("F_SETFL", EventFd.F_SETFL);
    expect("EFD_SEMAPHORE", EventFd.EFD_SEMAPHORE);
    expect("TFD_CLOEXEC", TimerFd.TFD_CLOEXEC);
    expect("TFD_NONBLOCK", TimerFd.TFD_NONBLOCK);
    expect("CLOCK_MONOTONIC", TimerFd.CLOCK_MONOTONIC);
    expect("sizeof(struct itimerspec)", TimerFd.ITIMERSPEC_BYTES);
    expect("offsetof(struct itimerspec, it_value)", TimerFd.ITIMERSPEC_VALUE);
    expect("PRIO_PROCESS", Cpu.PRIO_PROCESS);
    expect("CLOCK_THREAD_CPUTIME_ID", Cpu.CLOCK_THREAD_CPUTIME_ID);
    expect("sizeof(struct timespec)", 16);
    expect("offsetof(struct timespec, tv_nsec)", 8);
    expect("sizeof(struct iovec)", Iovec.BYTES);
    expect("offsetof(struct iovec, iov_base)", Iovec.BASE);
    expect("offsetof(struct iovec, iov_len)", Iovec.LENGTH);
  }

  private static void sockets() {
    expect("AF_UNIX", SocketPair.AF_UNIX);
    expect("SOCK_STREAM", SocketPair.SOCK_STREAM);
    expect("SOCK_DGRAM", DatagramTo.SOCK_DGRAM);
    expect("SOCK_CLOEXEC", SocketPair.SOCK_CLOEXEC);
    expect("SO_ACCEPTCONN", InheritedSocket.SO_ACCEPTCONN);
    expect("SO_DOMAIN", InheritedSocket.SO_DOMAIN);
    expect("SO_TYPE", InheritedSocket.SO_TYPE);
    expect("SOCK_NONBLOCK", InheritedSocket.SOCK_NONBLOCK);
    expect("F_SETFD", InheritedSocket.F_SETFD);
    expect("FD_CLOEXEC", InheritedSocket.FD_CLOEXEC);
    expect("sizeof(struct sockaddr_un)", InheritedSocket.SOCKADDR_UN_BYTES);
    expect("offsetof(struct sockaddr_un, sun_path)", InheritedSocket.SUN_PATH);
    expect("SOL_SOCKET", DescriptorPassing.SOL_SOCKET);
    expect("SCM_RIGHTS", DescriptorPassing.SCM_RIGHTS);
    expect("MSG_CTRUNC", DescriptorPassing.MSG_CTRUNC);
    expect("MSG_DONTWAIT", DescriptorPassing.MSG_DONTWAIT);
    expect("MSG_NOSIGNAL", DescriptorPassing.MSG_NOSIGNAL);
    expect("MSG_CMSG_CLOEXEC", DescriptorPassing.MSG_CMSG_CLOEXEC);
    expect("POLLIN", DescriptorPassing.POLLIN);
    expect("POLLOUT", DescriptorPassing.POLLOUT);
    expect("POLLERR", DescriptorPassing.POLLERR);
    expect("POLLHUP", DescriptorPassing.POLLHUP);
    expect("POLLRDHUP", DescriptorPassing.POLLRDHUP);
    expect("sizeof(struct msghdr)", DescriptorPassing.MSGHDR_BYTES);
    expect("offsetof(struct msghdr, msg_iov)", DescriptorPassing.MSGHDR_IOV);
    expect("offsetof(struct msghdr, msg_iovlen)", DescriptorPassing.MSGHDR_IOVLEN);
    expect("offsetof(struct msghdr, msg_control)", DescriptorPassing.MSGHDR_CONTROL);
    expect("offsetof(struct msghdr, msg_controllen)", DescriptorPassing.MSGHDR_CONTROLLEN);
    expect("offsetof(struct msghdr, msg_flags)", DescriptorPassing.MSGHDR_FLAGS);
    expect("sizeof(struct cmsghdr)", DescriptorPassing.CMSGHDR_BYTES);
    expect("offsetof(struct cmsghdr, cmsg_level)", DescriptorPassing.CMSGHDR_LEVEL);
    expect("offsetof(struct cmsghdr, cmsg_type)", DescriptorPassing.CMSGHDR_TYPE);
    expect("offsetof(struct pollfd, events)", DescriptorPassing.POLLFD_EVENTS);
    expect("offsetof(struct pollfd, revents)", DescriptorPassing.POLLFD_REVENTS);
    expect("CMSG_SPACE(253 * sizeof(int))", DescriptorPassing.controlBytes(253));
    expect("CMSG_SPACE(2 * sizeof(int))", DescriptorPassing.controlBytes(2));
  }

  private static void ring() {
    expect("IORING_SETUP_CLAMP", IoUringLayout.SETUP_CLAMP);
    expect("IORING_SETUP_SUBMIT_ALL", IoUringLayout.SETUP_SUBMIT_ALL);
    expect("IORING_SETUP_COOP_TASKRUN", IoUringLayout.SETUP_COOP_TASKRUN);
    expect("IORING_SETUP_TASKRUN_FLAG", IoUringLayout.SETUP_TASKRUN_FLAG);
    expect("IORING_SETUP_SINGLE_ISSUER", IoUringLayout.SETUP_SINGLE_ISSUER);
    expect("IORING_SETUP_DEFER_TASKRUN", IoUringLayout.SETUP_DEFER_TASKRUN);
    expect("IORING_SETUP_NO_SQARRAY", IoUringLayout.SETUP_NO_SQARRAY);
    expect("IORING_FEAT_SINGLE_MMAP", IoUringLayout.FEAT_SINGLE_MMAP);
    expect("IORING_OFF_SQ_RING", IoUringLayout.OFF_SQ_RING);
    expect("IORING_OFF_CQ_RING", IoUringLayout.OFF_CQ_RING);
    expect("IORING_OFF_SQES", IoUringLayout.OFF_SQES);
    expect("IORING_SQ_CQ_OVERFLOW", IoUringLayout.SQ_CQ_OVERFLOW);
    expect("IORING_SQ_TASKRUN", IoUringLayout.SQ_TASKRUN);
    expect("IORING_ENTER_GETEVENTS", IoUringLayout.ENTER_GETEVENTS);
    expect("IORING_ENTER_EXT_ARG", IoUringLayout.ENTER_EXT_ARG);
    expect("IORING_CQ_EVENTFD_DISABLED", IoUringLayout.CQ_EVENTFD_DISABLED);
    expect("IORING_REGISTER_EVENTFD", IoUringLayout.REGISTER_EVENTFD);
    expect("IORING_REGISTER_FILES_UPDATE", IoUringLayout.REGISTER_FILES_UPDATE);
    expect("IORING_REGISTER_FILES2", IoUringLayout.REGISTER_FILES2);
    expect("IORING_REGISTER_BUFFERS2", IoUringLayout.REGISTER_BUFFERS2);
    expect("IORING_REGISTER_BUFFERS_UPDATE", IoUringLayout.REGISTER_BUFFERS_UPDATE);
    expect("IORING_RSRC_REGISTER_SPARSE", IoUringLayout.RSRC_REGISTER_SPARSE);
    expect("IORING_OP_NOP", IoUringLayout.OP_NOP);
    expect("IORING_OP_READV", IoUringLayout.OP_READV);
    expect("IORING_OP_WRITEV", IoUringLayout.OP_WRITEV);
    expect("IORING_OP_FSYNC", IoUringLayout.OP_FSYNC);
    expect("IORING_OP_READ_FIXED", IoUringLayout.OP_READ_FIXED);
    expect("IORING_OP_WRITE_FIXED", IoUringLayout.OP_WRITE_FIXED);
    expect("IORING_OP_POLL_ADD", IoUringLayout.OP_POLL_ADD);
    expect("IORING_OP_ASYNC_CANCEL", IoUringLayout.OP_ASYNC_CANCEL);
    expect("IORING_OP_FALLOCATE", IoUringLayout.OP_FALLOCATE);
    expect("IORING_OP_READ", IoUringLayout.OP_READ);
    expect("IORING_OP_WRITE", IoUringLayout.OP_WRITE);
    expect("IORING_FSYNC_DATASYNC", IoUringLayout.FSYNC_DATASYNC);
    expect("IOSQE_FIXED_FILE", IoUringLayout.SQE_FIXED_FILE);
    expect("RWF_DSYNC", IoUring.RWF_DSYNC);
  }

  private static void ringLayouts() {
    String params = "struct io_uring_params";
    expect("sizeof(" + params + ")", IoUringLayout.PARAMS_BYTES);
    offset(params, "sq_entries", IoUringLayout.PARAMS_SQ_ENTRIES);
    offset(params, "cq_entries", IoUringLayout.PARAMS_CQ_ENTRIES);
    offset(params, "flags", IoUringLayout.PARAMS_FLAGS);
    offset(params, "features", IoUringLayout.PARAMS_FEATURES);
    offset(params, "sq_off.head", IoUringLayout.PARAMS_SQ_HEAD);
    offset(params, "sq_off.tail", IoUringLayout.PARAMS_SQ_TAIL);
    offset(params, "sq_off.flags", IoUringLayout.PARAMS_SQ_FLAGS);
    offset(params, "sq_off.array", IoUringLayout.PARAMS_SQ_ARRAY);
    offset(params, "cq_off.head", IoUringLayout.PARAMS_CQ_HEAD);
    offset(params, "cq_off.tail", IoUringLayout.PARAMS_CQ_TAIL);
    offset(params, "cq_off.flags", IoUringLayout.PARAMS_CQ_FLAGS);
    offset(params, "cq_off.cqes", IoUringLayout.PARAMS_CQ_CQES);
    String sqe = "struct io_uring_sqe";
    expect("sizeof(" + sqe + ")", IoUringLayout.SQE_BYTES);
    offset(sqe, "opcode", 0);
    offset(sqe, "flags", 1);
    offset(sqe, "ioprio", 2);
    offset(sqe, "fd", 4);
    offset(sqe, "off", IoUringLayout.SQE_OFF);
    offset(sqe, "addr", IoUringLayout.SQE_ADDR);
    offset(sqe, "len", IoUringLayout.SQE_LEN);
    offset(sqe, "rw_flags", IoUringLayout.SQE_LEN + 4);
    offset(sqe, "fsync_flags", IoUringLayout.SQE_LEN + 4);
    offset(sqe, "poll32_events", IoUringLayout.SQE_LEN + 4);
    offset(sqe, "user_data", IoUringLayout.SQE_USER_DATA);
    offset(sqe, "buf_index", IoUringLayout.SQE_BUF_INDEX);
    offset(sqe, "personality", IoUringLayout.SQE_BUF_INDEX + 2);
    offset(sqe, "file_index", IoUringLayout.SQE_BUF_INDEX + 4);
    String cqe = "struct io_uring_cqe";
    expect("sizeof(" + cqe + ")", IoUringLayout.CQE_BYTES);
    offset(cqe, "user_data", IoUringLayout.CQE_USER_DATA);
    offset(cqe, "res", IoUringLayout.CQE_RES);
    offset(cqe, "flags", IoUringLayout.CQE_RES + 4);
    String register = "struct io_uring_rsrc_register";
    expect("sizeof(" + register + ")", IoUringLayout.RSRC_REGISTER_BYTES);
    offset(register, "nr", IoUringLayout.RSRC_REGISTER_NR);
    offset(register, "flags", IoUringLayout.RSRC_REGISTER_FLAGS);
    String update = "struct io_uring_files_update";
    expect("sizeof(" + update + ")", IoUringLayout.FILES_UPDATE_BYTES);
    offset(update, "offset", IoUringLayout.FILES_UPDATE_OFFSET);
    offset(update, "fds", IoUringLayout.FILES_UPDATE_FDS);
    String buffers = "struct io_uring_rsrc_update2";
    expect("sizeof(" + buffers + ")", IoUringLayout.RSRC_UPDATE2_BYTES);
    offset(buffers, "offset", IoUringLayout.RSRC_UPDATE2_OFFSET);
    offset(buffers, "data", IoUringLayout.RSRC_UPDATE2_DATA);
    offset(buffers, "nr", IoUringLayout.RSRC_UPDATE2_NR);
    String events = "struct io_uring_getevents_arg";
    expect("sizeof(" + events + ")", IoUringLayout.GETEVENTS_ARG_BYTES);
    offset(events, "ts", IoUringLayout.GETEVENTS_ARG_TS);
  }

  private static void offset(String struct, String field, int offset) {
    expect("offsetof(" + struct + ", " + field + ")", offset);
  }

  private static void expect(String expression, long value) {
    EXPECTED.put(expression, value);
  }
}
