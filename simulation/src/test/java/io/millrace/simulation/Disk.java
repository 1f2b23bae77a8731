package io.millrace.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A file as kernel and disk have it: for each sector what is durable, and every version since, the
 * last of which is what is read. At a power loss each sector keeps any one of them.
 */
final class Disk {
  /** One write of one sector. */
  static final class Version {
    final int sector;
    final long value;
    private final KernelCall writer;
    private boolean lost; // a sync failed: no later one makes it durable

    Version(int sector, long value, KernelCall writer) {
      this.sector = sector;
      this.value = value;
      this.writer = writer;
    }
  }

  private final List<List<Version>> sectors = new ArrayList<>();

  /** A disk of zeroes. */
  Disk(int count) {
    KernelCall nobody = KernelCall.sync();
    nobody.completed = 0;
    for (int i = 0; i < count; i++) {
      sectors.add(new ArrayList<>(List.of(new Version(i, Sector.ZERO, nobody))));
    }
  }

  long read(int sector) {
    return sectors.get(sector).getLast().value;
  }

  Version write(int sector, long value, KernelCall writer) {
    Version version = new Version(sector, value, writer);
    sectors.get(sector).add(version);
    return version;
  }

  /** Makes durable what was complete when a sync was submitted, and no more than it must. */
  void sync(KernelCall sync) {
    for (List<Version> versions : sectors) {
      for (int i = versions.size() - 1; i > 0; i--) {
        Version version = versions.get(i);
        if (!version.lost && version.writer.completed < sync.submitted) {
          persist(version);
          break;
        }
      }
    }
  }

  /** Makes one version durable, if it was not overtaken by a durable one. */
  void persist(Version version) {
    List<Version> versions = sectors.get(version.sector);
    int at = versions.indexOf(version);
    if (at > 0) {
      versions.subList(0, at).clear();
    }
  }

  /** A sync has failed: some pages could not be written, and are clean from now on. */
  void lose(Random random) {
    for (List<Version> versions : sectors) {
      versions.stream().skip(1).filter(v -> random.nextInt(4) != 0).forEach(v -> v.lost = true);
    }
  }

  /** The same for what one durable write wrote. */
  static void lose(List<Version> written) {
    written.forEach(version -> version.lost = true);
  }

  /** Leaves of each sector what is durable, or any version since. */
  void losePower(Random random) {
    for (List<Version> versions : sectors) {
      List<Version> candidates = new ArrayList<>(versions.subList(1, versions.size()));
      candidates.removeIf(version -> version.lost);
      Version durable = versions.getFirst();
      boolean keeps = candidates.isEmpty() || random.nextInt(2) == 0;
      Version kept = keeps ? durable : candidates.get(random.nextInt(candidates.size()));
      versions.clear();
      versions.add(kept);
      kept.lost = false;
    }
  }
}
