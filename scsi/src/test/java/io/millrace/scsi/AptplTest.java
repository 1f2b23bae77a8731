package io.millrace.scsi;

import static io.millrace.scsi.ReserveRig.APTPL;
import static io.millrace.scsi.ReserveRig.SPEC_I_PT;
import static io.millrace.scsi.ReserveRig.address;
import static io.millrace.scsi.ReserveRig.cdb;
import static io.millrace.scsi.ReserveRig.id;
import static io.millrace.scsi.ReserveRig.list;
import static io.millrace.scsi.ReserveRig.told;
import static io.millrace.scsi.ReserveRig.withIds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevException;
import io.millrace.rpc.state.StateStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Registrations and reservations that are there again after a restart (SPC-5 §5.13.5). */
class AptplTest {
  private static final long DEADLINE_NANOS = 10_000_000_000L;

  /** In memory; durable when the test says so, or at once. */
  private static final class Held implements ReservationStore {
    final Map<UUID, byte[]> durable = new HashMap<>();
    boolean holds;
    @Nullable Runnable write;
    @Nullable CompletableFuture<@Nullable Void> held;

    @Override
    public Optional<byte[]> load(UUID bdev) {
      return Optional.ofNullable(durable.get(bdev));
    }

    @Override
    public CompletionStage<@Nullable Void> save(UUID bdev, byte[] reservations) {
      return change(() -> durable.put(bdev, reservations));
    }

    @Override
    public CompletionStage<@Nullable Void> remove(UUID bdev) {
      return change(() -> durable.remove(bdev));
    }

    private CompletionStage<@Nullable Void> change(Runnable how) {
      if (!holds) {
        how.run();
        return CompletableFuture.completedStage(null);
      }
      assertThat(held).as("one at a time").isNull();
      write = how;
      held = new CompletableFuture<>();
      return held;
    }

    void finish(@Nullable Exception failure) {
      CompletableFuture<@Nullable Void> waiting = held;
      held = null;
      if (failure == null) {
        write.run();
        waiting.complete(null);
      } else {
        waiting.completeExceptionally(failure);
      }
    }
  }

  private final Held store = new Held();

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 6, 7, 8})
  void theyAreThereAgain(int type) throws Exception {
    byte[] first = withIds(list(0, 0xa, SPEC_I_PT | APTPL), id("c"));
    try (ReserveRig scsi = new ReserveRig(store).ready("a:t", "b:u")) {
      assertThat(scsi.run("a:t", "5e 02 00 00 00 00 00 00 08 00").hex())
          .isEqualTo("00 08 1d b0 ea 01 00 00");
      assertThat(told(scsi.out("a:t", 0, 0, first))).isEqualTo("00");
      assertThat(told(scsi.out("b:u", 0, 0, list(0, 0xb, APTPL)))).isEqualTo("00");
      assertThat(scsi.reserve("b:u", 0xb, type)).isEqualTo("00");
      assertThat(scsi.run("a:t", "5e 02 00 00 00 00 00 00 08 00").hex())
          .isEqualTo("00 08 1d b1 ea 01 00 00");
    }

    try (ReserveRig scsi = new ReserveRig(store).ready("a:t", "b:u", "d:t")) {
      String all = type >= 7 ? " holds " + type : "";
      assertThat(scsi.full("d:t"))
          .containsExactly(
              "a port 1 " + address("a") + all,
              "a port 1 " + address("c") + all,
              "b port 2 " + address("b") + " holds " + type);
      assertThat(scsi.keys("d:t")).isEqualTo("0: a a b");
      assertThat(scsi.path("d:t").status().isKeptOut(Access.WRITE)).isTrue();
      assertThat(scsi.path("b:u").status().isKeptOut(Access.WRITE)).isFalse();
      assertThat(scsi.release("b:u", 0xb, type)).isEqualTo("00");
    }

    try (ReserveRig scsi = new ReserveRig(store).ready("a:t")) {
      assertThat(scsi.reservation("a:t")).isEmpty();
      assertThat(scsi.keys("a:t")).isEqualTo("0: a a b");
      assertThat(scsi.clear("a:t", 0xa)).isEqualTo("00");
    }

    try (ReserveRig scsi = new ReserveRig(store).ready("a:t")) {
      assertThat(scsi.keys("a:t")).isEqualTo("0:");
    }
  }

  @Test
  void theLastValueOfAptplIsForAllOfThem() throws Exception {
    try (ReserveRig scsi = new ReserveRig(store).ready("a:t", "b:t")) {
      scsi.out("a:t", 0, 0, list(0, 0xa, APTPL));
      assertThat(store.durable).hasSize(1);
      scsi.out("b:t", 0, 0, list(0, 0xb, 0));
      assertThat(store.durable).isEmpty();
      scsi.reserve("a:t", 0xa, 1);
      assertThat(store.durable).isEmpty();
      assertThat(scsi.move("a:t", 0xa, 0xbb, APTPL, 1, id("b"))).isEqualTo("00");
      assertThat(store.durable).hasSize(1);
    }

    try (ReserveRig scsi = new ReserveRig(store).ready("a:t", "b:t")) {
      assertThat(scsi.reservation("a:t")).isEqualTo("bb type 1");
      assertThat(scsi.registerIgnoring("b:t", 0xbc, 0)).isEqualTo("00");
    }

    try (ReserveRig scsi = new ReserveRig(store).ready("a:t")) {
      assertThat(scsi.keys("a:t")).isEqualTo("0:");
    }
  }

  @Test
  void nobodySeesAChangeBeforeItIsDurableAndTheNextOneWaits() throws Exception {
    try (ReserveRig scsi = new ReserveRig(store).ready("a:t", "b:t")) {
      scsi.out("a:t", 0, 0, list(0, 0xa, APTPL));
      scsi.out("b:t", 0, 0, list(0, 0xb, APTPL));
      store.holds = true;

      ScsiRig.Task reserve = scsi.rig.submit("a", "t", 0, cdb(1, 1, 24), list(0xa, 0, 0));
      ScsiRig.Task late = scsi.rig.submit("b", "t", 0, cdb(1, 3, 24), list(0xb, 0, 0));
      scsi.rig.step();
      assertThat(reserve.over || late.over).isFalse();
      assertThat(scsi.reservation("b:t")).isEmpty();
      store.finish(null);
      scsi.rig.step();
      scsi.rig.step();

      assertThat(reserve.over && late.over).isTrue();
      assertThat(reserve.status()).isEqualTo(ScsiStatus.GOOD);
      assertThat(late.status()).isEqualTo(ScsiStatus.RESERVATION_CONFLICT);
      assertThat(scsi.reservation("b:t")).isEqualTo("a type 1");
    }
  }

  @Test
  void whatCannotBeSavedIsNotDone() throws Exception {
    try (ReserveRig scsi = new ReserveRig(store).ready("a:t", "b:t")) {
      scsi.out("a:t", 0, 0, list(0, 0xa, APTPL));
      scsi.out("b:t", 0, 0, list(0, 0xb, APTPL));
      store.holds = true;

      ScsiRig.Task preempt = scsi.rig.submit("a", "t", 0, cdb(4, 1, 24), list(0xa, 0xb, 0));
      store.finish(new IOException("no room"));
      scsi.rig.step();

      assertThat(preempt.result().condition()).isEqualTo("4/44/00");
      assertThat(scsi.keys("a:t")).isEqualTo("2: a b");
      assertThat(scsi.attentions("b:t")).isEmpty();
      store.holds = false;
      assertThat(scsi.preempt("a:t", 0xa, 0xb, 1)).isEqualTo("00");
      assertThat(scsi.attentions("b:t")).isEqualTo("2a/05");
    }
  }

  @Test
  void inTheStateDirectoryTheyAreDurableBeforeTheCommandEnds(@TempDir Path dir) throws Exception {
    try (StateStore state = StateStore.open(dir.resolve("state.d"));
        ReserveRig scsi = new ReserveRig(new StoredReservations(state)).ready("a:t")) {
      ScsiRig.Task register = scsi.rig.submit("a", "t", 0, cdb(0, 0, 24), list(0, 0xa, APTPL));
      finish(scsi, register);
      assertThat(register.status()).isEqualTo(ScsiStatus.GOOD);
      assertThat(state.keys("")).hasSize(1);
    }

    try (StateStore state = StateStore.open(dir.resolve("state.d"));
        ReserveRig scsi = new ReserveRig(new StoredReservations(state)).ready("a:t")) {
      assertThat(scsi.keys("a:t")).isEqualTo("0: a");
      finish(scsi, scsi.rig.submit("a", "t", 0, cdb(0, 0, 24), list(0xa, 0, 0)));
      assertThat(state.keys("")).isEmpty();
    }
  }

  private static void finish(ReserveRig scsi, ScsiRig.Task task) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!task.over) {
      assertThat(System.nanoTime()).as("the disk is slow").isLessThan(deadline);
      scsi.rig.step();
    }
  }

  @Test
  void whatIsStoredAndNoReservationIsRefused() throws Exception {
    UUID disk = UUID.nameUUIDFromBytes("disk".getBytes(StandardCharsets.UTF_8));
    try (ReserveRig scsi = new ReserveRig(store).ready("a:t")) {
      scsi.out("a:t", 0, 0, list(0, 0xa, APTPL));
      scsi.reserve("a:t", 0xa, 3);
    }
    byte[] whole = store.durable.get(disk);

    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(ReservationCodec.decode(flipped)).as("bit %d", bit).isNull();
    }
    for (int length = 0; length < whole.length; length++) {
      assertThat(ReservationCodec.decode(java.util.Arrays.copyOf(whole, length))).isNull();
    }
    store.durable.put(disk, new byte[20]);
    assertThatThrownBy(() -> new ReserveRig(store))
        .isInstanceOf(BdevException.class)
        .hasMessageStartingWith("disk: its persistent reservations (bdev " + disk + ") were saved")
        .message()
        .doesNotContain("\n");
  }
}
