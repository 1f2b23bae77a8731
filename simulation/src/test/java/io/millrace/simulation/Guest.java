package io.millrace.simulation;

import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.InflightArea;
import io.millrace.virtqueue.DriverRing;
import io.millrace.virtqueue.IndirectTables;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VringLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A guest: its memory, its rings, its requests in flight, and what the server noted of them. */
final class Guest implements AutoCloseable {
  private static final int HEADER_BYTES = 16;
  private static final int STATUS = 16;
  private static final int CONTROL_BYTES = 64;
  private static final int PIECES = 3; // of data, at most
  private static final int PIECE_BYTES = (Sector.MOST + 1) * Sector.BYTES; // so any alignment fits
  private static final int SLOT_BYTES = PIECES * PIECE_BYTES;
  private static final byte SPOILT = (byte) 0xee;

  /** One queue: what it has in flight, by the heads of chains. */
  final class Queue {
    final int index;
    final DriverRing ring;
    final FileDescriptor kick = EventFd.create();
    final FileDescriptor call = EventFd.create();
    private final Slot[] byHead = new Slot[Setup.QUEUE_SIZE];
    private final ArrayDeque<Slot> free = new ArrayDeque<>();

    Queue(int index) throws LinuxException {
      this.index = index;
      RingFormat format = RingFormat.of(setup.features());
      long at = memory.allocate(VringLayout.bytes(format, Setup.QUEUE_SIZE), 64);
      long tables =
          memory.allocate(IndirectTables.bytes(Setup.QUEUE_SIZE, Setup.INDIRECT_ENTRIES), 64);
      ring =
          DriverRing.open(
              VringLayout.at(at, format, Setup.QUEUE_SIZE),
              setup.features(),
              new IndirectTables(tables, memory.guest(tables), Setup.INDIRECT_ENTRIES));
      for (int i = 0; i < setup.depth(); i++) {
        free.add(
            new Slot(
                memory.allocate(CONTROL_BYTES, 64), memory.allocate(SLOT_BYTES, Sector.BYTES)));
      }
    }

    boolean hasRoom() {
      return !free.isEmpty() && ring.freeCount() >= PIECES + 2;
    }

    int inFlight() {
      return setup.depth() - free.size();
    }
  }

  /** Room for one request. */
  private static final class Slot {
    private final long control;
    private final long data;
    private Request request;
    private long[] addresses;
    private int[] lengths;

    Slot(long control, long data) {
      this.control = control;
      this.data = data;
    }
  }

  private final Setup setup;
  final GuestMemory memory;
  final List<Queue> queues = new ArrayList<>();
  InflightArea inflight;
  FileDescriptor inflightFile;
  private Mapping inflightMemory;
  private byte[] memoryKept;
  private byte[] inflightKept;

  Guest(Setup setup) throws LinuxException {
    this.setup = setup;
    int perSlot = CONTROL_BYTES + SLOT_BYTES + 1024;
    memory = GuestMemory.create((long) setup.queues() * (setup.depth() * perSlot + (16 << 10)));
    for (int i = 0; i < setup.queues(); i++) {
      queues.add(new Queue(i));
    }
  }

  /** Keeps the region that a server made. */
  void keep(InflightArea area, FileDescriptor file) {
    inflight = area;
    inflightFile = file;
    try {
      inflightMemory = Mapping.map(file, area.mmapOffset(), area.mmapSize(), true);
    } catch (LinuxException e) {
      throw new AssertionError(e);
    }
  }

  /** Offers a request on a queue that has room. */
  void submit(Request request) {
    Queue queue = queues.get(request.what.queue());
    Slot slot = queue.free.remove();
    slot.request = request;
    place(slot);
    RawMemory.putLong(slot.control, request.what.kind().type);
    RawMemory.putLong(slot.control + 8, carriesData(request) ? request.what.sector() : 0);
    RawMemory.putByte(slot.control + STATUS, (byte) VirtioBlk.S_NOT_WRITTEN);
    boolean read = request.what.kind() == Action.Kind.READ;
    if (read) {
      fill(slot, SPOILT);
    } else {
      put(slot, data(request));
    }
    int head = queue.ring.begin(slot.addresses.length + 2);
    queue.ring.add(memory.guest(slot.control), HEADER_BYTES, false);
    for (int i = 0; i < slot.addresses.length; i++) {
      queue.ring.add(memory.guest(slot.addresses[i]), slot.lengths[i], read);
    }
    queue.ring.add(memory.guest(slot.control + STATUS), 1, true);
    queue.byHead[head] = slot;
    queue.ring.offer(head);
    if (queue.ring.publish()) {
      EventFd.signal(queue.kick.number());
    }
  }

  private static boolean carriesData(Request request) {
    return request.what.kind() == Action.Kind.READ || request.what.kind() == Action.Kind.WRITE;
  }

  /** What the device reads of a request beside its header. */
  private static byte[] data(Request request) {
    Action.Submit what = request.what;
    return switch (what.kind()) {
      case READ, FLUSH -> new byte[0];
      case WRITE -> {
        byte[] all = new byte[what.count() * Sector.BYTES];
        for (int i = 0; i < what.count(); i++) {
          byte[] one = Sector.bytes(request.written(what.sector() + i));
          System.arraycopy(one, 0, all, i * Sector.BYTES, Sector.BYTES);
        }
        yield all;
      }
      case DISCARD, WRITE_ZEROES -> {
        byte[] range = new byte[16];
        range[0] = (byte) what.sector();
        range[8] = (byte) what.count();
        boolean unmap = what.kind() == Action.Kind.WRITE_ZEROES && (what.cuts() & 1) != 0;
        range[12] = (byte) (unmap ? 1 : 0);
        yield range;
      }
    };
  }

  /** Where the data lies: in up to three pieces, one in two aligned for direct I/O. */
  private static void place(Slot slot) {
    Action.Submit what = slot.request.what;
    int bytes =
        switch (what.kind()) {
          case READ, WRITE -> what.count() * Sector.BYTES;
          case DISCARD, WRITE_ZEROES -> 16;
          case FLUSH -> 0;
        };
    int cuts = what.cuts() >>> 1;
    boolean aligned = (cuts >> 2 & 1) == 0;
    int most = Math.min(PIECES, aligned ? what.count() : bytes / 2);
    int pieces = bytes == 0 ? 0 : 1 + cuts % Math.max(1, most);
    slot.addresses = new long[pieces];
    slot.lengths = new int[pieces];
    int left = bytes;
    for (int i = 0; i < pieces; i++) {
      int share = left / (pieces - i);
      int length = i == pieces - 1 ? left : aligned ? share & -Sector.BYTES : share;
      slot.addresses[i] = slot.data + (long) i * PIECE_BYTES + (aligned ? 0 : cuts >> 3 & 63);
      slot.lengths[i] = length;
      left -= length;
    }
  }

  private static void fill(Slot slot, byte value) {
    for (int i = 0; i < slot.addresses.length; i++) {
      RawMemory.fill(slot.addresses[i], slot.lengths[i], value);
    }
  }

  private static void put(Slot slot, byte[] bytes) {
    int at = 0;
    for (int i = 0; i < slot.addresses.length; i++) {
      RawMemory.put(bytes, at, slot.lengths[i], slot.addresses[i]);
      at += slot.lengths[i];
    }
  }

  /** Takes what a queue has given back. */
  void poll(Queue queue, Consumer<Request> answered) {
    queue.ring.reap(
        (head, written) -> {
          Slot slot = queue.byHead[head];
          queue.byHead[head] = null;
          answer(slot);
          answered.accept(slot.request);
          slot.request = null;
          queue.ring.free(head);
          queue.free.add(slot);
        },
        Setup.QUEUE_SIZE);
    if (queue.ring.isBroken()) {
      throw new AssertionError("queue " + queue.index + " gave back what it did not have");
    }
  }

  private static void answer(Slot slot) {
    Request request = slot.request;
    request.status = RawMemory.getByte(slot.control + STATUS) & 0xff;
    if (request.what.kind() == Action.Kind.READ && request.succeeded()) {
      byte[] bytes = new byte[request.what.count() * Sector.BYTES];
      int at = 0;
      for (int i = 0; i < slot.addresses.length; i++) {
        RawMemory.get(slot.addresses[i], bytes, at, slot.lengths[i]);
        at += slot.lengths[i];
      }
      request.read = new long[request.what.count()];
      for (int i = 0; i < request.read.length; i++) {
        byte[] one = new byte[Sector.BYTES];
        System.arraycopy(bytes, i * Sector.BYTES, one, 0, Sector.BYTES);
        request.read[i] = Sector.value(one);
      }
    }
    fill(slot, SPOILT); // it is the guest's again: nobody may still need it
  }

  List<Request> inFlight() {
    List<Request> all = new ArrayList<>();
    for (Queue queue : queues) {
      for (Slot slot : queue.byHead) {
        if (slot != null) {
          all.add(slot.request);
        }
      }
    }
    return all;
  }

  /** The queue that a request in flight is on; -1 if it is in flight on none. */
  int queueOf(int id) {
    for (Request request : inFlight()) {
      if (request.what.id() == id) {
        return request.what.queue();
      }
    }
    return -1;
  }

  /** Remembers memory and region as they are: what a server that dies now left. */
  void remember() {
    memoryKept = new byte[(int) memory.size()];
    RawMemory.get(memory.address(), memoryKept, 0, memoryKept.length);
    if (inflightMemory != null) {
      inflightKept = new byte[(int) inflightMemory.size()];
      RawMemory.get(inflightMemory.address(), inflightKept, 0, inflightKept.length);
    }
  }

  /** Makes memory and region what they were then. */
  void restore() {
    RawMemory.put(memoryKept, 0, memoryKept.length, memory.address());
    if (inflightMemory != null && inflightKept != null) {
      RawMemory.put(inflightKept, 0, inflightKept.length, inflightMemory.address());
    }
  }

  @Override
  public void close() {
    for (Queue queue : queues) {
      queue.kick.close();
      queue.call.close();
    }
    memory.close();
    if (inflightMemory != null) {
      inflightMemory.close();
      inflightFile.close();
    }
  }
}
