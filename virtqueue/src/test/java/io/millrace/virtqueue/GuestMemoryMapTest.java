package io.millrace.virtqueue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Nothing here touches memory: host addresses are numbers to the map. */
class GuestMemoryMapTest {
  private static final BigInteger TWO_TO_64 = BigInteger.ONE.shiftLeft(64);

  /** Where to look, and how far. */
  record Look(long address, long bytes) {}

  private static BigInteger unsigned(long value) {
    return value >= 0 ? BigInteger.valueOf(value) : BigInteger.valueOf(value).add(TWO_TO_64);
  }

  private static boolean holds(long start, long bytes, BigInteger address) {
    BigInteger first = unsigned(start);
    return address.compareTo(first) >= 0
        && address.compareTo(first.add(BigInteger.valueOf(bytes))) < 0;
  }

  /** What translate has to answer, by numbers without an end. */
  private static long obvious(List<GuestRegion> regions, Look look) {
    BigInteger first = unsigned(look.address);
    BigInteger last = first.add(BigInteger.valueOf(look.bytes - 1));
    for (GuestRegion region : regions) {
      if (last.compareTo(TWO_TO_64) < 0 && holds(region.guestAddress(), region.bytes(), first)) {
        return holds(region.guestAddress(), region.bytes(), last)
            ? region.hostAddress() + (look.address - region.guestAddress())
            : AddressTranslation.SPANS;
      }
    }
    return AddressTranslation.NOT_MAPPED;
  }

  @Provide
  Arbitrary<List<GuestRegion>> regions() {
    Arbitrary<Long> starts =
        Arbitraries.oneOf(
            Arbitraries.longs().between(0, 64).map(page -> page << 12),
            Arbitraries.longs().between(1, 64).map(page -> -(page << 12)),
            Arbitraries.longs().between(-32, 32).map(page -> Long.MIN_VALUE + (page << 12)));
    Arbitrary<Long> sizes =
        Arbitraries.oneOf(
            Arbitraries.longs().between(1, 16).map(page -> page << 12),
            Arbitraries.longs().between(1, 20_000),
            Arbitraries.of(1L << 32, (1L << 32) + 1, 1L << 62));
    return Combinators.combine(starts, sizes)
        .as(Look::new)
        .list()
        .ofMaxSize(10)
        .map(this::disjoint);
  }

  private List<GuestRegion> disjoint(List<Look> wanted) {
    List<GuestRegion> regions = new ArrayList<>();
    long host = 1L << 40;
    for (Look look : wanted) {
      boolean wraps = Long.compareUnsigned(look.address + look.bytes - 1, look.address) < 0;
      if (!wraps) {
        GuestRegion region = new GuestRegion(look.address, look.bytes, look.address, host);
        if (regions.stream().noneMatch(region::overlaps)) {
          regions.add(region);
          host += 1L << 40;
        }
      }
    }
    return regions;
  }

  @Provide
  Arbitrary<List<Look>> looks() {
    Arbitrary<Long> addresses =
        Arbitraries.oneOf(
            Arbitraries.longs().between(-70 * 4096, 90 * 4096),
            Arbitraries.longs().between(-1, 90).map(page -> (page << 12) - 1),
            Arbitraries.longs().between(-90, 90).map(page -> Long.MIN_VALUE + (page << 12)),
            Arbitraries.longs());
    Arbitrary<Long> sizes =
        Arbitraries.oneOf(
            Arbitraries.longs().between(1, 3),
            Arbitraries.longs().between(1, 70_000),
            Arbitraries.of(1L << 31, (1L << 32) - 1, 1L << 32));
    return Combinators.combine(addresses, sizes).as(Look::new).list().ofSize(30);
  }

  @Property(tries = 500)
  void translationIsWhatTheRegionsSay(
      @ForAll("regions") List<GuestRegion> regions, @ForAll("looks") List<Look> looks) {
    AddressTranslation translation = new GuestMemoryMap(regions).translation();

    for (Look look : looks) {
      long known = translation.known(look.address, look.bytes);
      if (known >= 0) {
        assertThat(known).as("%s in %s", look, regions).isEqualTo(obvious(regions, look));
      }
      long answer = translation.translate(look.address, look.bytes);
      assertThat(answer).as("%s in %s", look, regions).isEqualTo(obvious(regions, look));
      if (answer >= 0) {
        assertThat(translation.known(look.address, look.bytes)).isEqualTo(answer);
      }
      if (answer == AddressTranslation.SPANS) {
        long piece = translation.contiguous(look.address);
        assertThat(piece).isBetween(1L, look.bytes - 1);
        assertThat(translation.translate(look.address, piece)).isNotNegative();
      }
    }
  }

  /** Here user addresses are guest addresses, but a ring must be in one piece. */
  @Property(tries = 200)
  void aRingIsWhereTheRegionsSay(
      @ForAll("regions") List<GuestRegion> regions, @ForAll("looks") List<Look> looks) {
    AddressTranslation translation = new GuestMemoryMap(regions).translation();

    for (Look look : looks) {
      long answer = translation.translateRing(look.address, look.bytes);
      long obvious = obvious(regions, look);
      assertThat(answer < 0 ? -1 : answer)
          .as("%s in %s", look, regions)
          .isEqualTo(obvious < 0 ? -1 : obvious);
    }
  }

  @Property(tries = 500)
  void regionsOverlapWhenTheyHaveAnAddressInCommon(@ForAll("looks") List<Look> looks) {
    List<GuestRegion> regions = new ArrayList<>();
    for (Look look : looks) {
      if (Long.compareUnsigned(look.address + look.bytes - 1, look.address) >= 0) {
        regions.add(new GuestRegion(look.address, look.bytes, 0, 0));
      }
    }
    for (GuestRegion a : regions) {
      for (GuestRegion b : regions) {
        boolean common =
            holds(a.guestAddress(), a.bytes(), unsigned(b.guestAddress()))
                || holds(b.guestAddress(), b.bytes(), unsigned(a.guestAddress()));
        assertThat(a.overlaps(b)).as("%s and %s", a, b).isEqualTo(common);
      }
    }
  }

  /** As a guest with as many memory slots as there can be, looked at by one queue. */
  @Test
  void eachOfManyRegionsIsFoundWhateverWasLookedForBefore() {
    int count = 509;
    List<GuestRegion> regions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      regions.addFirst(new GuestRegion((long) i << 27, 1 << 27, 0, ((long) i + 1) << 40));
    }
    AddressTranslation translation = new GuestMemoryMap(regions).translation();

    for (int i = 0; i < count * 20; i++) {
      long region = (i * 97L) % count;
      assertThat(translation.translate((region << 27) + i, 64)).isEqualTo(((region + 1) << 40) + i);
    }
    assertThat(translation.translate((long) count << 27, 1))
        .isEqualTo(AddressTranslation.NOT_MAPPED);
  }

  /** A guest may see memory at two addresses; the front-end knows it at one. */
  @Test
  void aRingIsFoundInTheRegionThatHoldsAllOfIt() {
    GuestRegion low = new GuestRegion(0, 4096, 1 << 20, 1L << 40);
    GuestRegion high = new GuestRegion(1 << 30, 65536, 1 << 20, 2L << 40);

    AddressTranslation translation = new GuestMemoryMap(List.of(low, high)).translation();

    assertThat(translation.translateRing((1 << 20) + 4000, 4096)).isEqualTo((2L << 40) + 4000);
    assertThat(translation.translateRing((1 << 20) + 65000, 4096))
        .isEqualTo(AddressTranslation.SPANS);
  }

  @Test
  void noMemoryMapsNothing() {
    AddressTranslation translation = GuestMemoryMap.EMPTY.translation();

    assertThat(translation.translate(0, 1)).isEqualTo(AddressTranslation.NOT_MAPPED);
    assertThat(translation.translateRing(0, 1)).isEqualTo(AddressTranslation.NOT_MAPPED);
    assertThat(translation.contiguous(0)).isZero();
    assertThat(GuestMemoryMap.EMPTY.regions()).isEmpty();
  }

  @Test
  void theListHandedInMayChangeAfterwards() {
    List<GuestRegion> regions = new ArrayList<>(List.of(new GuestRegion(0, 4096, 0, 1 << 20)));
    GuestMemoryMap map = new GuestMemoryMap(regions);

    regions.clear();

    assertThat(map.regions()).hasSize(1);
    assertThat(map.translation().translate(4095, 1)).isEqualTo((1 << 20) + 4095);
  }

  @Test
  void aRegionMayEndAtTheLastAddressAndNotBehindIt() {
    assertThat(new GuestRegion(-4096, 4096, 0, 0).bytes()).isEqualTo(4096);

    assertThatThrownBy(() -> new GuestRegion(-4096, 4097, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new GuestRegion(0, 4097, -4096, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aRegionHasAtLeastOneByte() {
    assertThatThrownBy(() -> new GuestRegion(0, 0, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new GuestRegion(0, -1, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new GuestRegion(0, Long.MIN_VALUE, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
