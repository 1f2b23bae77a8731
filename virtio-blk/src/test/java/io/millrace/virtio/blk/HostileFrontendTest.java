package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.SocketPair;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.FrontendMessageCodec;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.vhost.user.VringAddress;
import io.millrace.vhost.user.VringMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Wrong messages cost a front-end its connection, and nobody else anything. */
@Timeout(60)
class HostileFrontendTest {
  private BlkTarget target;
  private Path socket;
  private VirtioBlkDriver bystander;
  private long buffer;
  private long descriptorsBefore;
  private long mappingsBefore;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    socket = target.serveMalloc("disk");
    bystander = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults());
    buffer = bystander.memory().allocate(512, 512);
    try (Frontend warmUp = connect()) {
      warmUp.barrier();
    }
    awaitOnlyTheBystander();
    descriptorsBefore = descriptors();
    mappingsBefore = guestMappings();
  }

  @AfterEach
  void stop() throws Exception {
    bystander.close();
    target.close();
  }

  private Frontend connect() throws InitiatorException {
    return Frontend.connect(socket, FrontendOptions.defaults());
  }

  /** Memory of the test itself, which counts in the tables too. */
  private GuestMemory ownMemory() throws Exception {
    mappingsBefore++;
    descriptorsBefore++;
    return GuestMemory.create(1 << 20);
  }

  private void awaitOnlyTheBystander() {
    BlkTarget.await("the session is gone", () -> target.sessions("disk") == 1);
  }

  private static long descriptors() throws Exception {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  private static long guestMappings() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains("memfd:"))
        .count();
  }

  /** The connection is gone, its descriptors and mappings too, and the bystander is served. */
  private void losesItsConnection(Frontend frontend) throws Exception {
    assertThatThrownBy(
            () -> {
              frontend.connection().askWord(new FrontendMessage.GetFeatures());
            })
        .isInstanceOf(InitiatorException.class);
    frontend.close();
    awaitOnlyTheBystander();
    BlkTarget.await(
        "descriptors and mappings are back at " + descriptorsBefore + " and " + mappingsBefore,
        () -> {
          try {
            return descriptors() <= descriptorsBefore && guestMappings() <= mappingsBefore;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    int status = bystander.run(VirtioBlk.T_IN, 0, buffer, 512, BlkTarget.DEADLINE_NANOS);
    assertThat(status).isEqualTo(VirtioBlk.S_OK);
  }

  private static ByteBuffer message(int request, int flags, int size, byte... payload) {
    ByteBuffer bytes = ByteBuffer.allocate(12 + payload.length).order(ByteOrder.nativeOrder());
    return bytes.putInt(request).putInt(flags).putInt(size).put(payload).flip();
  }

  @Test
  void anUnknownRequest() throws Exception {
    Frontend frontend = connect();
    frontend.connection().sendBytes(message(777, 1, 0), List.of());
    losesItsConnection(frontend);
  }

  @Test
  void aPayloadThatIsTooShort() throws Exception {
    Frontend frontend = connect();
    frontend.connection().sendBytes(message(2, 1, 4, new byte[4]), List.of());
    losesItsConnection(frontend);
  }

  @Test
  void aPayloadBeyondAllBounds() throws Exception {
    Frontend frontend = connect();
    frontend.connection().sendBytes(message(2, 1, Integer.MAX_VALUE, new byte[64]), List.of());
    losesItsConnection(frontend);
  }

  @Test
  void aMessageThatEndsInTheMiddle() throws Exception {
    Frontend frontend = connect();
    frontend.connection().sendBytes(message(2, 1, 8, new byte[3]), List.of());
    frontend.close();
    losesItsConnection(frontend);
  }

  @Test
  void aWrongVersion() throws Exception {
    Frontend frontend = connect();
    frontend.connection().sendBytes(message(1, 2, 0), List.of());
    losesItsConnection(frontend);
  }

  @Test
  void descriptorsWhereNoneBelong() throws Exception {
    Frontend frontend = connect();
    try (FileDescriptor extra = EventFd.create()) {
      frontend
          .connection()
          .sendBytes(
              FrontendMessageCodec.encode(new FrontendMessage.GetFeatures(), false),
              List.of(extra, extra, extra));
    }
    losesItsConnection(frontend);
  }

  @Test
  void moreDescriptorsThanAnyMessageHas() throws Exception {
    Frontend frontend = connect();
    try (FileDescriptor extra = EventFd.create()) {
      List<FileDescriptor> many = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        many.add(extra);
      }
      frontend.connection().sendBytes(message(5, 1, 8, new byte[8]), many);
    }
    losesItsConnection(frontend);
  }

  @Test
  void featuresThatWereNotOffered() throws Exception {
    Frontend frontend = connect();
    frontend.connection().send(new FrontendMessage.SetFeatures(1L << 40), false, List.of());
    losesItsConnection(frontend);
  }

  @Test
  void aMessageOfAFeatureThatWasNotOffered() throws Exception {
    Frontend frontend = connect();
    frontend.connection().send(new VringMessage.VringKick(0), false, List.of());
    losesItsConnection(frontend);
  }

  @Test
  void aRingOfNoPowerOfTwo() throws Exception {
    Frontend frontend = connect();
    frontend.connection().send(new VringMessage.SetVringNum(0, 100), false, List.of());
    losesItsConnection(frontend);
  }

  @Test
  void memoryBeyondTheEndOfItsFile() throws Exception {
    Frontend frontend = connect();
    try (GuestMemory memory = ownMemory()) {
      MemoryRegion tooLong = new MemoryRegion(0, memory.size() + 4096, 0x1000, 0);
      frontend
          .connection()
          .send(new FrontendMessage.AddMemReg(tooLong), false, List.of(memory.file()));
      losesItsConnection(frontend);
    }
  }

  @Test
  void memoryThatWrapsAround() throws Exception {
    Frontend frontend = connect();
    try (GuestMemory memory = ownMemory()) {
      MemoryRegion wraps = new MemoryRegion(-4096, 8192, 0x1000, 0);
      frontend
          .connection()
          .send(new FrontendMessage.AddMemReg(wraps), false, List.of(memory.file()));
      losesItsConnection(frontend);
    }
  }

  @Test
  void memoryThatOverlapsOther() throws Exception {
    Frontend frontend = connect();
    try (GuestMemory memory = ownMemory()) {
      frontend.shareMemory(List.of(memory));
      frontend
          .connection()
          .send(new FrontendMessage.AddMemReg(memory.region()), false, List.of(memory.file()));
      losesItsConnection(frontend);
    }
  }

  @Test
  void ringAddressesOutsideSharedMemory() throws Exception {
    Frontend frontend = connect();
    try (GuestMemory memory = ownMemory();
        FileDescriptor kick = EventFd.create()) {
      frontend.setFeatures(VirtioBlk.FEATURES);
      frontend.shareMemory(List.of(memory));
      frontend.tell(new VringMessage.SetVringNum(0, 16));
      frontend.tell(new VringMessage.SetVringAddr(new VringAddress(0, 0, 16, 4096, 8192, 0)));
      frontend.tell(new VringMessage.SetVringKick(0, true), List.of(kick));
      frontend.connection().send(new VringMessage.SetVringEnable(0, true), false, List.of());
      descriptorsBefore++; // the kick
      losesItsConnection(frontend);
    }
  }

  /** Starts queue 0 with this kick and this call, in legal memory; the call is told first. */
  private static void startWith(
      Frontend frontend, GuestMemory memory, FileDescriptor kick, FileDescriptor call)
      throws Exception {
    long ring = memory.address();
    frontend.setFeatures(VirtioBlk.FEATURES & ~(1L << 29));
    frontend.shareMemory(List.of(memory));
    frontend.tell(new VringMessage.SetVringNum(0, 16));
    frontend.tell(
        new VringMessage.SetVringAddr(new VringAddress(0, 0, ring, ring + 2048, ring + 1024, 0)));
    frontend.connection().send(new VringMessage.SetVringCall(0, true), false, List.of(call));
    try {
      frontend.connection().send(new VringMessage.SetVringKick(0, true), false, List.of(kick));
      frontend.connection().send(new VringMessage.SetVringEnable(0, true), false, List.of());
    } catch (InitiatorException e) {
      // The message before was refused already; losesItsConnection then sees that it was.
      assertThat(e.kind()).isEqualTo(InitiatorException.Kind.CLOSED);
    }
  }

  @Test
  void aKickThatNobodyCanWaitFor() throws Exception {
    Frontend frontend = connect();
    try (GuestMemory memory = ownMemory();
        FileDescriptor call = EventFd.create()) {
      descriptorsBefore++; // the call
      startWith(frontend, memory, memory.file(), call);
      losesItsConnection(frontend);
    }
  }

  @Test
  void aCallThatCouldBlockWhoSignalsIt() throws Exception {
    Frontend frontend = connect();
    List<FileDescriptor> ends = SocketPair.create();
    try (GuestMemory memory = ownMemory();
        FileDescriptor kick = EventFd.create();
        FileDescriptor call = ends.getFirst();
        FileDescriptor nobodyReads = ends.getLast()) {
      descriptorsBefore += 3; // the kick and the pair
      assertThat(nobodyReads.number()).isNotEqualTo(call.number());
      startWith(frontend, memory, kick, call);
      losesItsConnection(frontend);
    }
  }

  @Test
  void oneThatNeverStopsSendingLetsOthersIn() throws Exception {
    ByteBuffer manyOwners = ByteBuffer.allocate(5000 * 12).order(ByteOrder.nativeOrder());
    while (manyOwners.hasRemaining()) {
      manyOwners.put(message(3, 1, 0)); // SET_OWNER, which nobody answers
    }
    manyOwners.flip();
    AtomicBoolean enough = new AtomicBoolean();
    try (Frontend flood = connect()) {
      int number = flood.connection().descriptorNumber();
      Thread sender =
          Thread.ofPlatform()
              .start(() -> {
                while (!enough.get()) {
                  sendAll(number, manyOwners.duplicate());
                }
              });

      try (Frontend other = connect()) {
        other.barrier();
      } finally {
        enough.set(true);
        sender.join();
      }
    }
    awaitOnlyTheBystander();
  }

  private static void sendAll(int socket, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        DescriptorPassing.send(socket, bytes, List.of()); // 0 while the socket is full
      }
    } catch (LinuxException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void sayingNothingAtAllHarmsNobody() throws Exception {
    try (Frontend silent = connect()) {
      int status = bystander.run(VirtioBlk.T_IN, 0, buffer, 512, BlkTarget.DEADLINE_NANOS);

      assertThat(status).isEqualTo(VirtioBlk.S_OK);
      assertThat(silent.offeredFeatures()).isNotZero();
    }
  }
}
