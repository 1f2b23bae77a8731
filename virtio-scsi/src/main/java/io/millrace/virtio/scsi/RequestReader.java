package io.millrace.virtio.scsi;

import io.millrace.bdev.BdevLimits;
import io.millrace.linux.RawMemory;
import io.millrace.scsi.DataPhase;
import io.millrace.scsi.LunPath;
import io.millrace.scsi.TaskAttribute;
import io.millrace.virtqueue.ChainReader;
import io.millrace.virtqueue.DescriptorChain;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Makes commands of a queue's chains: {@code struct virtio_scsi_req_cmd} (virtio 1.3 §5.6.6.1),
 * wherever its descriptors end. Data path, on the queue's reactor. Every byte of the guest is read
 * once.
 */
final class RequestReader {
  /** lun u8[8], id u64, task_attr u8, prio u8, crn u8, cdb. */
  static final int HEADER_BYTES = 19 + ScsiConfig.CDB_BYTES;

  private static final int ATTRIBUTES_AT = 16;
  private static final int ATTRIBUTES = 3;
  private static final int CDB_AT = ATTRIBUTES_AT + ATTRIBUTES;
  private static final int VARIABLE_LENGTH = 0x7f; // operation code of CDBs of more than 16 bytes
  private static final int CDB_SHIFT = ATTRIBUTES * Byte.SIZE;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final TaskAttribute[] BY_CODE = {
    TaskAttribute.SIMPLE, TaskAttribute.ORDERED, TaskAttribute.HEAD_OF_QUEUE, TaskAttribute.ACA
  };

  private final TargetPaths targets;
  private final ChainReader reader = new ChainReader();
  private final byte[] attributes = new byte[ATTRIBUTES];
  private long address; // of the chain at hand
  private long tag;

  RequestReader(TargetPaths targets) {
    this.targets = targets;
  }

  /** Fills a request; one that is not to be submitted has a {@code refusal}. */
  void fill(ScsiRequest request, DescriptorChain chain) {
    int attribute = readHeader(request.cdb(), chain);
    request.refusal = Response.OK;
    request.expectedBytes = 0;
    request.begin(tag, attribute < BY_CODE.length ? BY_CODE[attribute] : TaskAttribute.SIMPLE);
    if (chain.isFetchedAgain()) {
      request.acceptedBefore(chain.milestone());
    }
    LunPath path = targets.find(address);
    request.path = path;
    if (path == null) {
      request.refusal = Response.BAD_TARGET;
    } else {
      path.prepare(request);
      bring(request, chain);
    }
  }

  /**
   * Reads the header. By words, where they can be: copies of so few bytes cost more than all the
   * rest of a command.
   *
   * @return the task attribute
   */
  private int readHeader(byte[] cdb, DescriptorChain chain) {
    long from = RawMemory.base(chain.address(0));
    if (chain.bytes(0) < HEADER_BYTES || (from & (Long.BYTES - 1)) != 0) {
      return readPieces(cdb, chain);
    }
    address = Long.reverseBytes(RawMemory.getLongAcquire(from));
    tag = RawMemory.getLongAcquire(from + 8);
    long first = RawMemory.getLongAcquire(from + ATTRIBUTES_AT);
    long second = RawMemory.getLongAcquire(from + ATTRIBUTES_AT + 8);
    long third = RawMemory.getLongAcquire(from + ATTRIBUTES_AT + 16);
    LONG.set(cdb, 0, first >>> CDB_SHIFT | second << -CDB_SHIFT);
    LONG.set(cdb, 8, second >>> CDB_SHIFT | third << -CDB_SHIFT);
    if (cdb[0] == VARIABLE_LENGTH) {
      RawMemory.get(from + CDB_AT + 16, cdb, 16, ScsiConfig.CDB_BYTES - 16);
    } else {
      LONG.set(cdb, 16, 0L);
      LONG.set(cdb, 24, 0L);
    }
    return (int) first & 0xff;
  }

  private int readPieces(byte[] cdb, DescriptorChain chain) {
    reader.begin(chain);
    address = Long.reverseBytes(reader.readLong());
    tag = reader.readLong();
    reader.read(attributes, 0, ATTRIBUTES);
    reader.read(cdb, 0, ScsiConfig.CDB_BYTES);
    return attributes[0] & 0xff;
  }

  /** Brings the data that the command asks for, or notes where it is to go. */
  private void bring(ScsiRequest request, DescriptorChain chain) {
    DataPhase phase = request.phase();
    boolean stores = phase == DataPhase.FROM_DISK || phase == DataPhase.ANSWER;
    long in = chain.writableBytes() - ScsiRequest.RESPONSE_BYTES;
    long out = chain.readableBytes() - HEADER_BYTES;
    long wanted = request.dataBytes();
    request.expectedBytes = stores || (phase == DataPhase.NONE && out == 0) ? in : out;
    if (wanted > (stores ? in : out)) {
      refuse(request, Response.OVERRUN);
      return;
    }
    if (phase == DataPhase.FROM_DISK) { // as most have it: a switch looks into two tables first
      addSegments(request, chain, chain.readableCount(), chain.count(), ScsiRequest.RESPONSE_BYTES);
      return;
    }
    switch (phase) {
      case NONE -> {}
      case PARAMETERS -> {
        standBehindHeader(chain);
        reader.read(request.parameters(), 0, (int) wanted);
      }
      case BLOCKS -> {
        standBehindHeader(chain);
        reader.read(request.blocks(), wanted);
      }
      case ANSWER -> request.answerPlace.of(chain, ScsiRequest.RESPONSE_BYTES, wanted);
      case FROM_DISK, TO_DISK ->
          addSegments(request, chain, 0, chain.readableCount(), HEADER_BYTES);
    }
  }

  private void standBehindHeader(DescriptorChain chain) {
    reader.begin(chain);
    reader.skip(HEADER_BYTES);
  }

  private static void refuse(ScsiRequest request, int response) {
    request.refusal = response;
    request.abandon();
  }

  /** Adds as much of the chain's data as the command moves. */
  private static void addSegments(
      ScsiRequest request, DescriptorChain chain, int from, int to, int header) {
    long left = request.dataBytes();
    if (to - from == 2 && chain.bytes(from) == header && left > 0) {
      request.addSegment(chain.address(from + 1), (int) left); // as drivers have it; it has room
      return;
    }
    int skip = header;
    for (int i = from; i < to && left > 0; i++) {
      int bytes = chain.bytes(i);
      if (bytes <= skip) {
        skip -= bytes;
        continue;
      }
      int piece = (int) Math.min(bytes - skip, left);
      if (request.segmentCount() == BdevLimits.MAX_SEGMENTS) {
        refuse(request, Response.FAILURE);
        return;
      }
      request.addSegment(chain.address(i) + skip, piece);
      left -= piece;
      skip = 0;
    }
    assert left == 0 : request;
  }
}
