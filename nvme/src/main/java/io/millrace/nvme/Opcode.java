package io.millrace.nvme;

/** Opcodes of commands (base 2.0 figures 138 and 391, NVM command set 1.0, zoned 1.1). */
public final class Opcode {
  // Admin commands.
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
  public static final int NAMESPACE_MANAGEMENT = 0x0d;
  public static final int FIRMWARE_COMMIT = 0x10;
  public static final int FIRMWARE_DOWNLOAD = 0x11;
  public static final int NAMESPACE_ATTACHMENT = 0x15;
  public static final int DOORBELL_BUFFER_CONFIG = 0x7c;
  public static final int FORMAT_NVM = 0x80;
  public static final int SECURITY_SEND = 0x81;
  public static final int SECURITY_RECEIVE = 0x82;
  public static final int SANITIZE = 0x84;

  // I/O commands.
  public static final int FLUSH = 0x00;
  public static final int WRITE = 0x01;
  public static final int READ = 0x02;
  public static final int COMPARE = 0x05;
  public static final int WRITE_ZEROES = 0x08;
  public static final int DATASET_MANAGEMENT = 0x09;
  public static final int VERIFY = 0x0c;
  public static final int COPY = 0x19;
  public static final int ZONE_MANAGEMENT_SEND = 0x79;
  public static final int ZONE_MANAGEMENT_RECEIVE = 0x7a;
  public static final int ZONE_APPEND = 0x7d;

  private Opcode() {}
}
