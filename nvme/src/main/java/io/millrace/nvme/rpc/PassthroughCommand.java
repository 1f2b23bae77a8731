package io.millrace.nvme.rpc;

import io.millrace.nvme.NvmeCommand;
import io.millrace.nvme.NvmeCommands;
import io.millrace.nvme.NvmeRequest;
import io.millrace.nvme.Opcode;
import io.millrace.rpc.Arguments;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Set;

/**
 * A command that an operator made of bytes (base 2.0 figure 86): what is the driver's in it,
 * command id and data pointer, is not looked at.
 *
 * @param command what to send
 * @param admin which queue
 * @param answerBytes data that the operator wants to see
 */
record PassthroughCommand(NvmeCommand command, boolean admin, int answerBytes) {
  private static final int BYTES = 64;
  private static final int NSID = 4;
  private static final int DWORD_2 = 8;
  private static final int DWORD_10 = 40;
  private static final int FUSED_MASK = 3;
  private static final int ADMIN_BUFFER_BYTES = 4096; // most answers that are longer than asked for
  private static final int FEATURE_HOST_MEMORY = 0x0d;

  /** They give the controller memory to keep, or take away what the driver relies on. */
  private static final Set<Integer> OF_THE_DRIVER =
      Set.of(
          Opcode.DELETE_SQ,
          Opcode.CREATE_SQ,
          Opcode.DELETE_CQ,
          Opcode.CREATE_CQ,
          Opcode.ASYNC_EVENT_REQUEST,
          Opcode.DOORBELL_BUFFER_CONFIG);

  /**
   * Reads bdev_nvme_send_cmd's arguments.
   *
   * @throws IllegalArgumentException they cannot be sent; says why
   */
  static PassthroughCommand of(Arguments arguments) {
    boolean admin = arguments.string("cmd_type").equals("admin");
    byte[] bytes = decode("cmdbuf", arguments.string("cmdbuf"));
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("cmdbuf has " + bytes.length + " bytes, a command 64");
    }
    ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int opcode = Byte.toUnsignedInt(bytes[0]);
    if ((bytes[1] & FUSED_MASK) != 0) {
      throw new IllegalArgumentException("cmdbuf is one half of a fused command; send whole ones");
    }
    int[] parameters = new int[6];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = words.getInt(DWORD_10 + i * Integer.BYTES);
    }
    if (admin) {
      refuseTheDrivers(opcode, parameters[0]);
    }
    refuseMetadata(arguments);
    NvmeCommand command =
        NvmeCommand.of(opcode, words.getInt(NSID))
            .reserved(words.getInt(DWORD_2), words.getInt(DWORD_2 + Integer.BYTES))
            .dwords(parameters)
            .within(admin ? NvmeCommands.timeouts(opcode) : 1);
    byte[] data = arguments.optionalString("data").map(d -> decode("data", d)).orElse(new byte[0]);
    long length = arguments.optionalInteger("data_len").orElse(data.length);
    if (length > NvmeRequest.MAX_DATA_BYTES || (length & 3) != 0) {
      throw new IllegalArgumentException(
          "data_len is a multiple of 4 up to " + NvmeRequest.MAX_DATA_BYTES + ", not " + length);
    }
    if (arguments.has("data") && length != data.length) {
      throw new IllegalArgumentException("data has " + data.length + " bytes, data_len " + length);
    }
    if (arguments.string("data_direction").equals("h2c")) {
      byte[] sent = data.length == 0 ? new byte[(int) length] : data;
      return new PassthroughCommand(sent.length == 0 ? command : command.sending(sent), admin, 0);
    }
    int room = (int) length;
    if (room > 0 && admin) {
      room = Math.max(room, ADMIN_BUFFER_BYTES);
    }
    return new PassthroughCommand(
        room == 0 ? command : command.receiving(room), admin, (int) length);
  }

  private static void refuseTheDrivers(int opcode, int dword10) {
    boolean hostMemory = opcode == Opcode.SET_FEATURES && (dword10 & 0xff) == FEATURE_HOST_MEMORY;
    if (OF_THE_DRIVER.contains(opcode) || hostMemory) {
      throw new IllegalArgumentException(
          "admin command 0x%02x is the driver's own; it sends that by itself".formatted(opcode));
    }
  }

  private static void refuseMetadata(Arguments arguments) {
    if (arguments.has("metadata") || arguments.optionalInteger("metadata_len").orElse(0) != 0) {
      throw new IllegalArgumentException(
          "metadata is not supported; leave metadata and metadata_len out");
    }
  }

  private static byte[] decode(String name, String text) {
    try {
      return Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          name + " is not base64 with - and _: " + e.getMessage(), e);
    }
  }
}
