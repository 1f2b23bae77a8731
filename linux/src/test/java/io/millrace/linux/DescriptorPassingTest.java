package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DescriptorPassingTest {
  private FileDescriptor near;
  private FileDescriptor far;
  private final List<FileDescriptor> received = new ArrayList<>();

  @BeforeEach
  void connect() throws LinuxException {
    List<FileDescriptor> ends = SocketPair.create();
    near = ends.getFirst();
    far = ends.getLast();
  }

  @AfterEach
  void close() {
    received.forEach(FileDescriptor::close);
    near.close();
    far.close();
  }

  @Test
  void bytesArriveInOrder() throws LinuxException {
    assertThat(send(new byte[] {1, 2, 3}, List.of())).isEqualTo(3);
    assertThat(send(new byte[] {4}, List.of())).isEqualTo(1);

    ByteBuffer to = ByteBuffer.allocate(8);
    assertThat(receive(to)).isEqualTo(4);

    assertThat(to.array()).startsWith(1, 2, 3, 4);
    assertThat(to.position()).isEqualTo(4);
  }

  @Test
  void nothingThereIsNotTheEnd() throws LinuxException {
    assertThat(receive(ByteBuffer.allocate(1))).isZero();
    near.close();
    assertThat(receive(ByteBuffer.allocate(1))).isEqualTo(DescriptorPassing.END_OF_STREAM);
  }

  @Test
  void hangUpIsTheOtherSidesEndAndNotWhatIsLeftToRead() throws LinuxException {
    assertThat(DescriptorPassing.isHungUp(far.number())).isFalse();
    send(new byte[1], List.of());
    assertThat(DescriptorPassing.isHungUp(far.number())).isFalse();

    near.close();

    assertThat(DescriptorPassing.isHungUp(far.number())).isTrue();
  }

  @Test
  void receivedDescriptorIsTheSameOpenFile() throws LinuxException {
    try (FileDescriptor event = EventFd.create()) {
      send(new byte[1], List.of(event));
      receive(ByteBuffer.allocate(1));

      EventFd.signal(received.getFirst().number());

      assertThat(EventFd.drain(event.number())).isEqualTo(1);
    }
  }

  @Test
  void asManyAsTheKernelCarriesArriveAndOneMoreIsRefused() throws LinuxException {
    int most = DescriptorPassing.MAX_DESCRIPTORS;

    send(new byte[1], Collections.nCopies(most, near));
    receive(ByteBuffer.allocate(1));

    assertThat(received).hasSize(most);
    assertThatThrownBy(() -> send(new byte[1], Collections.nCopies(most + 1, near)))
        .isInstanceOf(LinuxException.class);
  }

  @Test
  void fullSocketTakesNothing() throws LinuxException {
    byte[] chunk = new byte[1 << 16];
    int count;
    do {
      count = send(chunk, List.of());
    } while (count > 0);

    assertThat(send(new byte[1], List.of(near))).isZero();
  }

  @Test
  void writingToAClosedEndIsAnErrorNotASignal() {
    far.close();

    assertThatThrownBy(() -> send(new byte[1], List.of()))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE));
  }

  @Test
  void waitEndsWhenSomethingArrivesAndWhenItsTimeIsUp() throws LinuxException {
    assertThat(DescriptorPassing.await(far.number(), false, 1)).isFalse();
    assertThat(DescriptorPassing.await(far.number(), true, 1000)).isTrue();

    send(new byte[1], List.of());

    assertThat(DescriptorPassing.await(far.number(), false, 1000)).isTrue();
  }

  private int send(byte[] bytes, List<FileDescriptor> descriptors) throws LinuxException {
    return DescriptorPassing.send(near.number(), ByteBuffer.wrap(bytes), descriptors);
  }

  private int receive(ByteBuffer to) throws LinuxException {
    return DescriptorPassing.receive(far.number(), to, received);
  }
}
