package io.millrace.linux;

/**
 * Numbers and layouts of {@code linux/io_uring.h} that {@link IoUring} uses; {@code AbiTest} checks
 * them against it.
 */
final class IoUringLayout {
  static final int SETUP_CLAMP = 1 << 4;
  static final int SETUP_SUBMIT_ALL = 1 << 7;
  static final int SETUP_COOP_TASKRUN = 1 << 8;
  static final int SETUP_TASKRUN_FLAG = 1 << 9;
  static final int SETUP_SINGLE_ISSUER = 1 << 12;
  static final int SETUP_DEFER_TASKRUN = 1 << 13;
  static final int SETUP_NO_SQARRAY = 1 << 16;

  static final int FEAT_SINGLE_MMAP = 1;

  static final long OFF_SQ_RING = 0;
  static final long OFF_CQ_RING = 0x8000000L;
  static final long OFF_SQES = 0x10000000L;

  static final int SQ_CQ_OVERFLOW = 1 << 1;
  static final int SQ_TASKRUN = 1 << 2;

  static final int CQ_EVENTFD_DISABLED = 1;

  static final int ENTER_GETEVENTS = 1;
  static final int ENTER_EXT_ARG = 1 << 3;

  static final int REGISTER_EVENTFD = 4;
  static final int REGISTER_FILES_UPDATE = 6;
  static final int REGISTER_FILES2 = 13;
  static final int REGISTER_BUFFERS2 = 15;
  static final int REGISTER_BUFFERS_UPDATE = 16;
  static final int RSRC_REGISTER_SPARSE = 1;

  static final byte OP_NOP = 0;
  static final byte OP_READV = 1;
  static final byte OP_WRITEV = 2;
  static final byte OP_FSYNC = 3;
  static final byte OP_READ_FIXED = 4;
  static final byte OP_WRITE_FIXED = 5;
  static final byte OP_POLL_ADD = 6;
  static final byte OP_ASYNC_CANCEL = 14;
  static final byte OP_FALLOCATE = 17;
  static final byte OP_READ = 22;
  static final byte OP_WRITE = 23;
  static final int FSYNC_DATASYNC = 1;
  static final byte SQE_FIXED_FILE = 1;

  /** {@code struct io_uring_params}. */
  static final int PARAMS_BYTES = 120;

  static final int PARAMS_SQ_ENTRIES = 0;
  static final int PARAMS_CQ_ENTRIES = 4;
  static final int PARAMS_FLAGS = 8;
  static final int PARAMS_FEATURES = 20;
  static final int PARAMS_SQ_HEAD = 40;
  static final int PARAMS_SQ_TAIL = 44;
  static final int PARAMS_SQ_FLAGS = 56;
  static final int PARAMS_SQ_ARRAY = 64;
  static final int PARAMS_CQ_HEAD = 80;
  static final int PARAMS_CQ_TAIL = 84;
  static final int PARAMS_CQ_CQES = 100;
  static final int PARAMS_CQ_FLAGS = 104;

  /** {@code struct io_uring_sqe}. */
  static final int SQE_BYTES = 64;

  static final int SQE_OFF = 8;
  static final int SQE_ADDR = 16;
  static final int SQE_LEN = 24;
  static final int SQE_USER_DATA = 32;
  static final int SQE_BUF_INDEX = 40;

  /** {@code struct io_uring_cqe}. */
  static final int CQE_BYTES = 16;

  static final int CQE_USER_DATA = 0;
  static final int CQE_RES = 8;

  /** {@code struct io_uring_rsrc_register}. */
  static final int RSRC_REGISTER_BYTES = 32;

  static final int RSRC_REGISTER_NR = 0;
  static final int RSRC_REGISTER_FLAGS = 4;

  /** {@code struct io_uring_files_update}. */
  static final int FILES_UPDATE_BYTES = 16;

  static final int FILES_UPDATE_OFFSET = 0;
  static final int FILES_UPDATE_FDS = 8;

  /** {@code struct io_uring_rsrc_update2}. */
  static final int RSRC_UPDATE2_BYTES = 32;

  static final int RSRC_UPDATE2_OFFSET = 0;
  static final int RSRC_UPDATE2_DATA = 8;
  static final int RSRC_UPDATE2_NR = 24;

  /** {@code struct io_uring_getevents_arg}. */
  static final int GETEVENTS_ARG_BYTES = 24;

  static final int GETEVENTS_ARG_TS = 16;

  private IoUringLayout() {}
}
