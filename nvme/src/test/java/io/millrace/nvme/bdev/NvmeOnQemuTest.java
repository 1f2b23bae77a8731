package io.millrace.nvme.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.NvmeController.State;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.nvme.qtest.QtestPciDevice;
import io.millrace.reactor.Reactor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver and its disks on QEMU's NVMe controllers. */
class NvmeOnQemuTest {
  private static final int MEMORY = 8 << 20;
  private static final long SECONDS = 60;

  @TempDir Path directory;

  private final Reactor control = Reactor.start("control", -1);
  private final Reactor polling = Reactor.start("polling", -1);
  private final BdevRegistry bdevs = new BdevRegistry();
  private final NvmeModule module =
      new NvmeModule(
          bdevs,
          control,
          address -> QtestPciDevice.open(directory, address.isEmpty() ? null : address));

  @AfterEach
  void end() throws Exception {
    DiskUser.on(control, () -> module.close()).toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
    polling.close();
    control.close();
  }

  private AttachedController attach(EmulatedMachine qemu, String name, String address)
      throws Exception {
    assertThat(qemu.directory()).isEqualTo(directory);
    return DiskUser.on(control, () -> module.attach(name, address, 16))
        .toCompletableFuture()
        .get(SECONDS, TimeUnit.SECONDS);
  }

  private DiskUser user(String disk, Mapping memory, boolean registered) throws Exception {
    return new DiskUser(bdevs, control, polling, disk, memory, registered);
  }

  @Test
  void whatIsWrittenIsReadBackAtEveryDepth() throws Exception {
    try (EmulatedMachine qemu = EmulatedMachine.in(directory).nvme("n0", 64 << 20).start();
        Mapping memory = Mapping.anonymous(MEMORY, false)) {
      AttachedController attached = attach(qemu, "Nvme0", "");
      assertThat(attached.controller().state()).isEqualTo(State.LIVE);
      assertThat(attached.disks()).hasSize(1);

      try (DiskUser user = user("Nvme0n1", memory, false)) {
        for (int depth : new int[] {1, 8, 300}) {
          writeAndReadBack(user, depth, 4096);
        }
        assertThat(user.run(IoType.FLUSH, 0, 0, 0)).isEqualTo(IoStatus.SUCCESS);
        assertThat(user.disk().bouncedBytes()).isPositive();
      }
    }
  }

  private static void writeAndReadBack(DiskUser user, int depth, int bytes) throws Exception {
    List<CompletableFuture<IoStatus>> all = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      user.fill(user.address() + (long) i * bytes, bytes, depth * 1000 + i);
      all.add(
          user.submit(
              IoType.WRITE, (long) i * 3 * bytes, bytes, user.address() + (long) i * bytes));
    }
    for (CompletableFuture<IoStatus> one : all) {
      assertThat(one.get(SECONDS, TimeUnit.SECONDS)).isEqualTo(IoStatus.SUCCESS);
    }
    byte[] written = DiskUser.bytes(user.address(), depth * bytes);
    RawMemory.fill(user.address(), (long) depth * bytes, (byte) 0);
    all.clear();
    for (int i = 0; i < depth; i++) {
      all.add(
          user.submit(IoType.READ, (long) i * 3 * bytes, bytes, user.address() + (long) i * bytes));
    }
    for (CompletableFuture<IoStatus> one : all) {
      assertThat(one.get(SECONDS, TimeUnit.SECONDS)).isEqualTo(IoStatus.SUCCESS);
    }
    assertThat(DiskUser.bytes(user.address(), depth * bytes)).isEqualTo(written);
  }
}
