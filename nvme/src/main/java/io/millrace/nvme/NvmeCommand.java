package io.millrace.nvme;

import io.millrace.linux.RawMemory;

/**
 * A command of the control plane, with its data as bytes: admin commands, and I/O commands that are
 * not worth a request of their own. {@link NvmeCommands} makes those that have a name; the others
 * are made of their dwords here. A value: each method gives another one.
 */
public final class NvmeCommand {
  private static final byte[] NOTHING = {};
  private static final int PARAMETERS = 6;

  private final int opcode;
  private final int nsid;
  private final int[] reserved;
  private final int[] parameters;
  private final byte[] output;
  private final int inputBytes;
  private final int timeouts;

  private NvmeCommand(
      int opcode,
      int nsid,
      int[] reserved,
      int[] parameters,
      byte[] output,
      int inputBytes,
      int timeouts) {
    this.opcode = opcode;
    this.nsid = nsid;
    this.reserved = reserved;
    this.parameters = parameters;
    this.output = output;
    this.inputBytes = inputBytes;
    this.timeouts = timeouts;
  }

  /**
   * A command with neither parameters nor data.
   *
   * @param opcode 0 to 255
   * @param nsid namespace id, 0 for none, -1 for all
   */
  public static NvmeCommand of(int opcode, int nsid) {
    if ((opcode & ~0xff) != 0) {
      throw new IllegalArgumentException("impossible opcode " + opcode);
    }
    return new NvmeCommand(opcode, nsid, new int[2], new int[PARAMETERS], NOTHING, 0, 1);
  }

  /** The same with dwords 2 and 3. */
  public NvmeCommand reserved(int dword2, int dword3) {
    int[] both = {dword2, dword3};
    return new NvmeCommand(opcode, nsid, both, parameters, output, inputBytes, timeouts);
  }

  /**
   * The same with parameters.
   *
   * @param from10 dwords 10, 11, 12 .. in order, at most six; the others are 0
   */
  public NvmeCommand dwords(int... from10) {
    int[] all = new int[PARAMETERS];
    System.arraycopy(from10, 0, all, 0, from10.length);
    return new NvmeCommand(opcode, nsid, reserved, all, output, inputBytes, timeouts);
  }

  /**
   * The same, sending data.
   *
   * @param bytes whole dwords, at most {@link NvmeRequest#MAX_DATA_BYTES}
   */
  public NvmeCommand sending(byte[] bytes) {
    checkLength(bytes.length);
    return new NvmeCommand(opcode, nsid, reserved, parameters, bytes.clone(), 0, timeouts);
  }

  /**
   * The same, receiving data.
   *
   * @param bytes a multiple of 4, at most {@link NvmeRequest#MAX_DATA_BYTES}
   */
  public NvmeCommand receiving(int bytes) {
    checkLength(bytes);
    return new NvmeCommand(opcode, nsid, reserved, parameters, NOTHING, bytes, timeouts);
  }

  private static void checkLength(int bytes) {
    if (bytes < 0 || bytes > NvmeRequest.MAX_DATA_BYTES || (bytes & 3) != 0) {
      throw new IllegalArgumentException(
          bytes
              + " bytes of data; a command has whole dwords, at most "
              + NvmeRequest.MAX_DATA_BYTES
              + " bytes");
    }
  }

  /**
   * The same, that may take long.
   *
   * @param times how many of the controller's timeouts, 1 or more
   */
  public NvmeCommand within(int times) {
    return new NvmeCommand(opcode, nsid, reserved, parameters, output, inputBytes, times);
  }

  int opcode() {
    return opcode;
  }

  int nsid() {
    return nsid;
  }

  int inputBytes() {
    return inputBytes;
  }

  int dataBytes() {
    return Math.max(output.length, inputBytes);
  }

  void fill(NvmeRequest request) {
    request.begin(opcode, nsid);
    request.cdw2 = reserved[0];
    request.cdw3 = reserved[1];
    request.cdw10 = parameters[0];
    request.cdw11 = parameters[1];
    request.cdw12 = parameters[2];
    request.cdw13 = parameters[3];
    request.cdw14 = parameters[4];
    request.cdw15 = parameters[5];
    request.patience = timeouts;
  }

  void copyOutputTo(long address) {
    RawMemory.put(output, 0, output.length, address);
  }

  @Override
  public String toString() {
    return String.format("command %02x of namespace %d", opcode, nsid);
  }
}
