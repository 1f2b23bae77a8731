package io.millrace.nvme.model;

/** Opcodes of the admin and the NVM command set. */
public final class Opcode {
  public static final int DELETE_SQ = 0x00;
  public static final int CREATE_SQ = 0x01;
  public static final int GET_LOG_PAGE = 0x02;
  public static final int DELETE_CQ = 0x04;
  public static final int CREATE_CQ = 0x05;
  public static final int IDENTIFY = 0x06;
  public static final int ABORT = 0x08;
  public static final int SET_FEATURES = 0x09;
  public static final int GET_FEATURES = 0x0a;
  public static final int ASYNC_EVENT_REQUEST = 0x0c;
  public static final int DOORBELL_BUFFER_CONFIG = 0x7c;

  public static final int FLUSH = 0x00;
  public static final int WRITE = 0x01;
  public static final int READ = 0x02;
  public static final int COMPARE = 0x05;
  public static final int WRITE_ZEROES = 0x08;
  public static final int DATASET_MANAGEMENT = 0x09;
  public static final int VERIFY = 0x0c;

  private Opcode() {}
}
