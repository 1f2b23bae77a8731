package io.millrace.nvme.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.nvme.pci.Registers;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** As little of a driver as brings commands to a controller, right or wrong. */
final class RawDriver {
  static final int ENTRIES = 16;

  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final int ENABLE = 4 << 20 | 6 << 16 | 1;

  /** A completion: status without phase. */
  record Completion(int status, int result, int sqid, int sqhd, int id) {
    int code() {
      return Status.code(status);
    }
  }

  /** A command to be filled in; {@link #send} copies it. */
  static final class Sqe {
    final int[] dword = new int[Command.BYTES / Integer.BYTES];

    Sqe(int opcode, int nsid) {
      dword[0] = opcode;
      dword[1] = nsid;
    }

    Sqe prp(long prp1, long prp2) {
      return quad(6, prp1).quad(8, prp2);
    }

    /** Data pointer is an SGL descriptor. */
    Sqe sgl(long address, long bytes, int type) {
      dword[0] |= 1 << 14;
      return quad(6, address).quad(8, bytes | (long) type << 56);
    }

    Sqe dwords10(int... values) {
      System.arraycopy(values, 0, dword, 10, values.length);
      return this;
    }

    Sqe dword12(int value) {
      dword[12] = value;
      return this;
    }

    Sqe quad(int index, long value) {
      dword[index] = (int) value;
      dword[index + 1] = (int) (value >>> 32);
      return this;
    }
  }

  private final class Queue {
    final DmaMemory sq;
    final DmaMemory cq;
    int tail;
    int head;
    int phase = 1;

    Queue() throws IOException {
      sq = device.dma().allocate(4096);
      cq = device.dma().allocate(4096);
    }
  }

  private final PciDevice device;
  private final Registers registers;
  private final Runnable turn;
  private final Queue[] queues = new Queue[3];
  private int stride;
  private int nextId;

  /**
   * A driver for a controller.
   *
   * @param turn has the controller do something
   */
  RawDriver(PciDevice device, Runnable turn) throws IOException {
    this.device = device;
    this.turn = turn;
    registers = device.registers(0);
  }

  void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      turn.run();
    }
  }

  boolean isReady() {
    return (registers.read32(Reg.CSTS) & Reg.CSTS_RDY) != 0;
  }

  /** Resets and enables it, with an admin queue. */
  RawDriver enable() throws IOException {
    stride = 4 << (registers.read64(Reg.CAP) >>> 32 & 0xf);
    registers.write32(Reg.CC, 0);
    turn.run();
    await("not ready", () -> !isReady());
    queues[0] = new Queue();
    registers.write32(Reg.AQA, (ENTRIES - 1) << 16 | (ENTRIES - 1));
    registers.write64(Reg.ASQ, queues[0].sq.iova());
    registers.write64(Reg.ACQ, queues[0].cq.iova());
    registers.write32(Reg.CC, ENABLE);
    await("ready", this::isReady);
    return this;
  }

  /** Creates I/O queue {@code id}, both kinds. */
  RawDriver ioQueue(int id) throws IOException {
    queues[id] = new Queue();
    int size = (ENTRIES - 1) << 16 | id;
    assertThat(
            admin(new Sqe(Opcode.CREATE_CQ, 0).prp(queues[id].cq.iova(), 0).dwords10(size, 1))
                .status)
        .isZero();
    assertThat(
            admin(
                    new Sqe(Opcode.CREATE_SQ, 0)
                        .prp(queues[id].sq.iova(), 0)
                        .dwords10(size, id << 16 | 1))
                .status)
        .isZero();
    return this;
  }

  DmaMemory memory(long bytes) throws IOException {
    return device.dma().allocate(bytes);
  }

  Registers registers() {
    return registers;
  }

  /** Submits and rings; the command id. */
  int send(int queueId, Sqe sqe) {
    int id = place(queueId, sqe);
    ring(queueId);
    return id;
  }

  /** Puts a command into the queue without ringing. */
  int place(int queueId, Sqe sqe) {
    Queue queue = queues[queueId];
    int id = nextId++ & 0xff;
    sqe.dword[0] = (sqe.dword[0] & 0xffff) | id << 16;
    for (int i = 0; i < sqe.dword.length; i++) {
      RawMemory.putInt(
          queue.sq.address() + (long) queue.tail * Command.BYTES + i * 4L, sqe.dword[i]);
    }
    queue.tail = (queue.tail + 1) % ENTRIES;
    return id;
  }

  void ring(int queueId) {
    registers.write32(Reg.DOORBELLS + 2 * queueId * stride, queues[queueId].tail);
  }

  int tail(int queueId) {
    return queues[queueId].tail;
  }

  boolean hasCompletion(int queueId) {
    Queue queue = queues[queueId];
    int last = RawMemory.getIntAcquire(queue.cq.address() + queue.head * 16L + 12);
    return (last >>> 16 & 1) == queue.phase;
  }

  /** Takes the next completion, which must come. */
  Completion take(int queueId) {
    await("a completion in queue " + queueId, () -> hasCompletion(queueId));
    Queue queue = queues[queueId];
    long entry = queue.cq.address() + queue.head * 16L;
    int third = RawMemory.getInt(entry + 8);
    int last = RawMemory.getInt(entry + 12);
    if (++queue.head == ENTRIES) {
      queue.head = 0;
      queue.phase ^= 1;
    }
    registers.write32(Reg.DOORBELLS + (2 * queueId + 1) * stride, queue.head);
    return new Completion(
        last >>> 17, RawMemory.getInt(entry), third >>> 16, third & 0xffff, last & 0xffff);
  }

  Completion admin(Sqe sqe) {
    send(0, sqe);
    return take(0);
  }

  Completion io(Sqe sqe) {
    send(1, sqe);
    return take(1);
  }

  /** A read or write of namespace 1. */
  static Sqe blocks(int opcode, long lba, int count, long prp1, long prp2) {
    return new Sqe(opcode, 1).prp(prp1, prp2).quad(10, lba).dword12(count - 1);
  }
}
