package io.millrace.virtio.blk;

import io.millrace.initiator.FrontendConnection;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.linux.SocketPair;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.ConfigAccess;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.FrontendMessageCodec;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.VringAddress;
import io.millrace.vhost.user.VringMessage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * A front-end that does in one session what a guest's life brings (start-up, I/O, another
 * configuration, other memory, a stop), message by message, so that it can be cut off anywhere. Two
 * rings; their chains are written once and never used again.
 */
final class CutSession implements AutoCloseable {
  /** Bytes of each request; its data is one word again and again. */
  static final int REQUEST_BYTES = 4096;

  /** Most requests a session makes, each of a block of its own. */
  static final int MAX_REQUESTS = 32;

  private static final int RING_SIZE = 128;
  private static final int CHAIN = 3; // descriptors
  private static final int RING_BYTES = 8192; // of memory for one ring
  private static final int AVAIL = RING_SIZE * 16;
  private static final int USED = AVAIL + 1024;
  private static final int HEADERS = 2 * RING_BYTES; // 32 bytes a request, the status in the last
  private static final int DATA = HEADERS + 4096;
  private static final long MIB = 1 << 20;
  private static final byte[] WRITE_THROUGH = {0};
  private static final byte[] WRITE_BACK = {1};

  /** One message: whether its answer is asked for, whether it has one, what goes with it. */
  record Step(
      FrontendMessage message,
      boolean needReply,
      boolean answered,
      List<FileDescriptor> descriptors) {
    ByteBuffer bytes() {
      return FrontendMessageCodec.encode(message, needReply);
    }
  }

  private final long word;
  private final GuestMemory memory = GuestMemory.create(MIB);
  private final GuestMemory second = GuestMemory.create(MIB, 1L << 40, true);
  private final GuestMemory third = GuestMemory.create(MIB, 1L << 41, true);
  private final List<FileDescriptor> owned = new ArrayList<>();
  private final List<Step> steps = new ArrayList<>();
  private final FileDescriptor[] kicks = new FileDescriptor[2];
  private final int[] offered = new int[2];
  private int requests;
  private int firstRunning; // step after which both rings run
  private int lastRunning; // step before which both still do
  private final FrontendConnection connection;

  /**
   * Connects.
   *
   * @param word what it writes
   */
  CutSession(Path socket, long word) throws Exception {
    this.word = word;
    script();
    connection = FrontendConnection.open(socket, Duration.ZERO, Duration.ofSeconds(20));
  }

  private void script() throws LinuxException {
    startUp();
    firstRunning = steps.size();
    configuration();
    memoryAndEvents();
    lastRunning = steps.size();
    stop();
  }

  private void startUp() throws LinuxException {
    List<FileDescriptor> requestChannel = SocketPair.create();
    owned.addAll(requestChannel);
    ask(new FrontendMessage.GetFeatures());
    ask(new FrontendMessage.GetProtocolFeatures());
    steps.add(
        new Step(
            new FrontendMessage.SetProtocolFeatures(
                ProtocolFeature.mask(
                    EnumSet.of(
                        ProtocolFeature.MQ,
                        ProtocolFeature.REPLY_ACK,
                        ProtocolFeature.BACKEND_REQ,
                        ProtocolFeature.CONFIG,
                        ProtocolFeature.RESET_DEVICE,
                        ProtocolFeature.CONFIGURE_MEM_SLOTS,
                        ProtocolFeature.STATUS))),
            false,
            false,
            List.of()));
    tell(new FrontendMessage.SetOwner());
    ask(new FrontendMessage.GetQueueNum());
    ask(new FrontendMessage.GetMaxMemSlots());
    tell(new FrontendMessage.SetBackendReqFd(), requestChannel.getFirst());
    tell(
        new FrontendMessage.SetFeatures(
            1L << 32
                | 1L << ProtocolFeature.VIRTIO_BIT
                | VirtioBlk.F_FLUSH
                | VirtioBlk.F_CONFIG_WCE
                | VirtioBlk.F_MQ));
    ask(getConfig());
    tell(new FrontendMessage.SetStatus(11));
    tell(new FrontendMessage.AddMemReg(memory.region()), memory.file());
    tell(new FrontendMessage.AddMemReg(second.region()), second.file());
    for (int ring = 0; ring < 2; ring++) {
      startRing(ring);
    }
    tell(new FrontendMessage.SetStatus(15));
  }

  private void startRing(int index) throws LinuxException {
    long desc = ring(index);
    tell(new VringMessage.SetVringNum(index, RING_SIZE));
    tell(new VringMessage.SetVringBase(index, 0));
    tell(
        new VringMessage.SetVringAddr(
            new VringAddress(index, 0, desc, desc + USED, desc + AVAIL, 0)));
    tell(new VringMessage.SetVringErr(index, true), event());
    tell(new VringMessage.SetVringCall(index, true), event());
    kicks[index] = event();
    tell(new VringMessage.SetVringKick(index, true), kicks[index]);
    tell(new VringMessage.SetVringEnable(index, true));
  }

  private void configuration() {
    ask(getConfig());
    tell(setWriteback(WRITE_THROUGH));
    tell(setWriteback(WRITE_BACK));
  }

  private void memoryAndEvents() throws LinuxException {
    tell(new FrontendMessage.AddMemReg(third.region()), third.file());
    tell(new FrontendMessage.RemMemReg(third.region()));
    tell(new VringMessage.SetVringCall(1, true), event());
    tell(
        new FrontendMessage.SetMemTable(List.of(memory.region(), second.region())),
        memory.file(),
        second.file());
    tell(new VringMessage.SetVringEnable(0, false));
    tell(new VringMessage.SetVringEnable(0, true));
  }

  private void stop() {
    ask(new VringMessage.GetVringBase(0));
    ask(new VringMessage.GetVringBase(1));
    tell(new FrontendMessage.RemMemReg(second.region()));
    tell(new FrontendMessage.SetStatus(0));
    tell(new FrontendMessage.ResetDevice());
  }

  private static FrontendMessage getConfig() {
    return new FrontendMessage.GetConfig(new ConfigAccess(0, 0, ByteString.zeros(60)));
  }

  private static FrontendMessage setWriteback(byte[] value) {
    return new FrontendMessage.SetConfig(
        new ConfigAccess(32, ConfigAccess.WRITABLE, ByteString.of(value)));
  }

  private FileDescriptor event() throws LinuxException {
    FileDescriptor event = EventFd.create();
    owned.add(event);
    return event;
  }

  /** A message that has an answer of its own. */
  private void ask(FrontendMessage message) {
    steps.add(new Step(message, false, true, List.of()));
  }

  /** A message that is acknowledged. */
  private void tell(FrontendMessage message, FileDescriptor... descriptors) {
    steps.add(new Step(message, true, true, List.of(descriptors)));
  }

  /** One of its descriptors, for where it does not belong. */
  FileDescriptor anyDescriptor() {
    return kicks[0];
  }

  List<Step> steps() {
    return steps;
  }

  /** Sends the next message, whole, and waits for its answer; a request before it if rings run. */
  void play(int index) throws Exception {
    if (running(index)) {
      offerBoth();
    }
    Step step = steps.get(index);
    connection.sendBytes(step.bytes(), step.descriptors);
    if (step.answered) {
      connection.receive().close();
    }
  }

  /** Whether both rings run before this message. */
  boolean running(int index) {
    return index >= firstRunning && index < lastRunning;
  }

  /** Offers one write and one read more. */
  void offerBoth() {
    offer(0, VirtioBlk.T_OUT);
    offer(1, VirtioBlk.T_IN);
  }

  /** Sends the first bytes of a message, with these descriptors. */
  void playPart(int index, int bytes, List<FileDescriptor> descriptors) throws Exception {
    ByteBuffer whole = steps.get(index).bytes();
    connection.sendBytes(whole.limit(bytes), descriptors);
  }

  private long ring(int index) {
    return memory.address() + (long) index * RING_BYTES;
  }

  private void offer(int index, int type) {
    int request = requests++;
    if (request >= MAX_REQUESTS) {
      throw new IllegalStateException("more than " + MAX_REQUESTS + " requests");
    }
    long header = memory.address() + HEADERS + 32L * request;
    long data = memory.address() + DATA + (long) request * REQUEST_BYTES;
    for (int at = 0; at < REQUEST_BYTES; at += Long.BYTES) {
      RawMemory.putLong(data + at, word);
    }
    RawMemory.putInt(header, type);
    RawMemory.putLong(header + 8, request * (REQUEST_BYTES / 512L));
    int first = CHAIN * offered[index];
    int deviceWrites = type == VirtioBlk.T_IN ? 2 : 0;
    descriptor(index, first, header, 16, 1);
    descriptor(index, first + 1, data, REQUEST_BYTES, 1 | deviceWrites);
    descriptor(index, first + 2, header + 31, 1, 2);
    long avail = ring(index) + AVAIL;
    RawMemory.putShort(avail + 4 + 2L * offered[index], (short) first);
    offered[index]++;
    RawMemory.putShortRelease(avail + 2, (short) offered[index]);
    EventFd.signal(kicks[index].number());
  }

  private void descriptor(int ring, int index, long host, int bytes, int flags) {
    long at = ring(ring) + 16L * index;
    RawMemory.putLong(at, memory.guest(host));
    RawMemory.putInt(at + 8, bytes);
    RawMemory.putShort(at + 12, (short) flags);
    RawMemory.putShort(at + 14, (short) (index + 1));
  }

  /** Cuts the connection off, and at once takes away what it shared. */
  @Override
  public void close() {
    connection.close();
    owned.forEach(FileDescriptor::close);
    memory.close();
    second.close();
    third.close();
  }
}
