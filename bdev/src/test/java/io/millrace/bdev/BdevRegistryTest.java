package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevException.Kind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class BdevRegistryTest {
  private final BdevRegistry registry = new BdevRegistry();
  private final List<String> events = new ArrayList<>();

  private class Listener implements BdevListener {
    private final String name;

    Listener(String name) {
      this.name = name;
    }

    @Override
    public void removed() {
      events.add(name + " removed");
    }

    @Override
    public void resized() {
      events.add(name + " resized");
    }
  }

  private ManualBdev registered(String name) throws BdevException {
    ManualBdev bdev = new ManualBdev(name);
    registry.register(bdev);
    return bdev;
  }

  private BdevDescriptor open(String name, boolean writable) throws BdevException {
    return registry.open(name, writable, new Listener(name));
  }

  private static void refused(ThrowingCallable what, Kind kind, String message) {
    assertThatThrownBy(what)
        .isInstanceOfSatisfying(
            BdevException.class, e -> assertThat(e.kind()).as("%s", e).isEqualTo(kind))
        .hasMessageContaining(message);
  }

  @Test
  void aBdevIsFoundByItsNameAndItsUuid() throws BdevException {
    ManualBdev bdev = registered("disk");

    assertThat(registry.get("disk")).isSameAs(bdev);
    assertThat(registry.get(bdev.properties().uuid().toString())).isSameAs(bdev);
  }

  @Test
  void allBdevsAreListedOldestFirst() throws BdevException {
    ManualBdev z = registered("z");
    ManualBdev a = registered("a");

    assertThat(registry.all()).containsExactly(z, a);
  }

  @Test
  void whatIsNotThereIsNotFound() {
    refused(() -> registry.get("none"), Kind.NOT_FOUND, "there is no bdev none");
    refused(() -> open("none", false), Kind.NOT_FOUND, "none");
    refused(() -> registry.remove("none"), Kind.NOT_FOUND, "none");
  }

  @Test
  void aNameOrAUuidIsTakenOnce() throws BdevException {
    ManualBdev first = registered("disk");
    String uuid = first.properties().uuid().toString();

    refused(() -> registered("disk"), Kind.EXISTS, "disk");
    refused(() -> registered(uuid), Kind.EXISTS, uuid);
    NullBdev sameUuid = new NullBdev("other", first.properties().uuid(), 512, 512, 1);
    refused(() -> registry.register(sameUuid), Kind.EXISTS, uuid);
    assertThat(registry.all()).containsExactly(first);
  }

  @Test
  void anyNumberMayOpenItForWriting() throws BdevException {
    registered("disk");

    BdevDescriptor first = open("disk", true);
    BdevDescriptor second = open("disk", true);

    assertThat(first.isWritable()).isTrue();
    assertThat(second.bdev()).isSameAs(first.bdev());
    assertThat(open("disk", false).isWritable()).isFalse();
  }

  @Test
  void aReadOnlyBdevIsOpenedForReadingOnly() throws BdevException {
    registry.register(new ManualBdev("ro", false, EnumSet.of(IoType.READ)));

    refused(() -> open("ro", true), Kind.READ_ONLY, "bdev ro is read-only");
    assertThat(open("ro", false).bdev().name()).isEqualTo("ro");
  }

  @Test
  void aClaimKeepsOtherWritersOutAndReadersIn() throws BdevException {
    ManualBdev bdev = registered("disk");
    BdevDescriptor claimer = open("disk", true);

    registry.claim(claimer, "passthru");

    assertThat(registry.isClaimed(bdev)).isTrue();
    refused(() -> open("disk", true), Kind.CLAIMED, "claimed by passthru");
    assertThat(open("disk", false)).isNotNull();
    refused(() -> registry.claim(open("disk", false), "error"), Kind.CLAIMED, "passthru");
  }

  @Test
  void aClaimedBdevIsRemovedOnceItsClaimerHasLetGo() throws BdevException {
    ManualBdev bdev = registered("disk");
    BdevDescriptor claimer = open("disk", true);
    registry.claim(claimer, "passthru");

    CompletionStage<Void> gone = registry.remove("disk");

    assertThat(events).containsExactly("disk removed");
    assertThat(gone.toCompletableFuture()).isNotDone();
    claimer.close();
    assertThat(gone.toCompletableFuture()).isDone();
    assertThat(bdev.destroyed).isEqualTo(1);
  }

  @Test
  void allAreRemovedAlsoOneThatGoesWhileAnotherIs() throws BdevException {
    ManualBdev first = registered("first");
    ManualBdev second = registered("second");
    BdevDescriptor[] opening = new BdevDescriptor[1];
    opening[0] =
        registry.open(
            "first",
            true,
            new Listener("first") {
              @Override
              public void removed() {
                opening[0].close();
                try {
                  registry.remove("second");
                } catch (BdevException e) {
                  throw new AssertionError(e);
                }
              }
            });

    assertThat(registry.removeAll().toCompletableFuture()).isDone();

    assertThat(registry.all()).isEmpty();
    assertThat(first.destroyed + second.destroyed).isEqualTo(2);
  }

  @Test
  void anExaminerSeesABdevBeforeAnybodyElseCanOpenIt() throws BdevException {
    List<String> seen = new ArrayList<>();
    registered("before");
    registry.addExaminer(bdev -> seen.add(bdev.name()));

    registered("disk");

    assertThat(seen).containsExactly("disk");
  }

  @Test
  void aClaimIsRefusedWhileSomebodyElseWrites() throws BdevException {
    ManualBdev bdev = registered("disk");
    BdevDescriptor writer = open("disk", true);
    BdevDescriptor claimer = open("disk", true);

    refused(() -> registry.claim(claimer, "passthru"), Kind.BUSY, "open for writing elsewhere");
    assertThat(registry.isClaimed(bdev)).isFalse();

    writer.close();
    registry.claim(claimer, "passthru");
    assertThat(registry.isClaimed(bdev)).isTrue();
  }

  @Test
  void aReleasedClaimLetsOthersIn() throws BdevException {
    ManualBdev bdev = registered("disk");
    BdevDescriptor claimer = open("disk", true);
    registry.claim(claimer, "passthru");

    registry.release(claimer);

    assertThat(registry.isClaimed(bdev)).isFalse();
    assertThat(open("disk", true)).isNotNull();
  }

  @Test
  void onlyTheClaimerReleasesAClaim() throws BdevException {
    ManualBdev bdev = registered("disk");
    BdevDescriptor claimer = open("disk", true);
    BdevDescriptor reader = open("disk", false);
    registry.claim(claimer, "passthru");

    registry.release(reader);
    assertThat(registry.isClaimed(bdev)).isTrue();
    reader.close();
    assertThat(registry.isClaimed(bdev)).isTrue();
  }

  @Test
  void aClaimEndsWithTheClaimersOpening() throws BdevException {
    ManualBdev bdev = registered("disk");
    BdevDescriptor claimer = open("disk", true);
    registry.claim(claimer, "passthru");

    claimer.close();

    assertThat(registry.isClaimed(bdev)).isFalse();
    assertThat(open("disk", true)).isNotNull();
  }

  @Test
  void openersAreToldOfAnotherSize() throws BdevException {
    ManualBdev bdev = registered("disk");
    open("disk", true);
    open("disk", false).close();

    bdev.resize(7);
    registry.resized(bdev);

    assertThat(events).containsExactly("disk resized");
    assertThat(bdev.sizeBytes()).isEqualTo(7 * 512);
  }

  @Test
  void aBdevThatNobodyHasOpenIsGoneAtOnce() throws BdevException {
    ManualBdev bdev = registered("disk");

    assertThat(registry.remove("disk").toCompletableFuture()).isCompleted();

    assertThat(bdev.destroyed).isEqualTo(1);
    assertThat(registry.all()).isEmpty();
    refused(() -> registry.get("disk"), Kind.NOT_FOUND, "disk");
  }

  @Test
  void removalWaitsForTheLastOpeningAndTellsEach() throws BdevException {
    ManualBdev bdev = registered("disk");
    BdevDescriptor first = open("disk", true);
    BdevDescriptor second = open("disk", false);

    CompletableFuture<Void> removal = registry.remove("disk").toCompletableFuture();
    assertThat(events).containsExactly("disk removed", "disk removed");
    refused(() -> open("disk", false), Kind.NOT_FOUND, "being removed");
    refused(() -> registered("disk"), Kind.EXISTS, "disk");
    first.close();
    first.close();
    assertThat(removal).isNotDone();
    assertThat(bdev.destroyed).isZero();
    second.close();

    assertThat(removal).isCompleted();
    assertThat(bdev.destroyed).isEqualTo(1);
    assertThat(registered("disk")).isNotSameAs(bdev);
  }

  @Test
  void removingTwiceWaitsForTheSameEnd() throws BdevException {
    registered("disk");
    BdevDescriptor opening = open("disk", true);

    CompletableFuture<Void> first = registry.remove("disk").toCompletableFuture();
    CompletableFuture<Void> second = registry.remove("disk").toCompletableFuture();
    assertThat(events).containsExactly("disk removed");
    opening.close();

    assertThat(first).isCompleted();
    assertThat(second).isCompleted();
  }

  @Test
  void anOpenerThatLetsGoWhenToldDestroysOnce() throws BdevException {
    ManualBdev bdev = registered("disk");
    BdevDescriptor[] openings = new BdevDescriptor[2];
    for (int i = 0; i < 2; i++) {
      int self = i;
      openings[i] =
          registry.open(
              "disk",
              true,
              new BdevListener() {
                @Override
                public void removed() {
                  openings[self].close();
                }

                @Override
                public void resized() {}
              });
    }

    assertThat(registry.remove("disk").toCompletableFuture()).isCompleted();

    assertThat(bdev.destroyed).isEqualTo(1);
  }

  @Test
  void closingALateOpeningDoesNotTouchANewBdevOfTheSameName() throws BdevException {
    registered("disk");
    BdevDescriptor old = open("disk", true);
    registry.remove("disk");
    old.close();
    ManualBdev second = registered("disk");
    open("disk", true);

    old.close();
    registry.release(old);

    assertThat(registry.get("disk")).isSameAs(second);
    assertThat(second.destroyed).isZero();
  }

  @Test
  void memoryListenersHearOfEveryRangeInOrder() {
    Bdev disk = new ManualBdev("disk");
    MemoryRegistry memory = registry.memory();
    MemoryListener early = memoryListener("early");
    MemoryListener late = memoryListener("late");
    memory.addListener(early);
    memory.add(disk, 0x1000, 4096);
    memory.addListener(late);
    memory.add(disk, 0x8000, 8192);
    memory.remove(disk, 0x1000, 4096);
    memory.remove(disk, 0x1000, 4096);
    memory.removeListener(late);
    memory.removeListener(late);
    memory.remove(disk, 0x8000, 8192);

    assertThat(events)
        .containsExactly(
            "early +disk 1000",
            "late +disk 1000",
            "early +disk 8000",
            "late +disk 8000",
            "early -disk 1000",
            "late -disk 1000",
            "late -disk 8000",
            "early -disk 8000");
  }

  private MemoryListener memoryListener(String name) {
    return new MemoryListener() {
      @Override
      public void memoryAdded(Bdev bdev, long address, long bytes) {
        events.add(name + " +" + bdev + " " + Long.toHexString(address));
      }

      @Override
      public void memoryRemoved(Bdev bdev, long address, long bytes) {
        events.add(name + " -" + bdev + " " + Long.toHexString(address));
      }
    };
  }
}
