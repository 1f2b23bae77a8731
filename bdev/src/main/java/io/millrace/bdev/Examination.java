package io.millrace.bdev;

import io.millrace.bdev.BdevException.Kind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Which bdevs modules look at, whether they have waited for one to stack theirs on. */
final class Examination {
  private final List<Consumer<Bdev>> examiners = new ArrayList<>();
  private final Set<String> allowed = new LinkedHashSet<>(); // names and UUIDs
  private boolean automatic = true;

  void add(Consumer<Bdev> examiner) {
    examiners.add(examiner);
  }

  void automatic(boolean every) {
    automatic = every;
  }

  /** Allows one to be looked at; it need not be there. */
  void allow(String name) throws BdevException {
    if (automatic) {
      throw new BdevException(
          Kind.INVALID,
          "bdev "
              + name
              + ": every bdev is looked at by itself; bdev_set_options with bdev_auto_examine=false"
              + " leaves that to bdev_examine");
    }
    if (!allowed.add(name)) {
      throw new BdevException(Kind.EXISTS, "bdev " + name + " is to be looked at already");
    }
  }

  void registered(Bdev bdev) {
    if (automatic || allowed.contains(bdev.name()) || allowed.contains(uuid(bdev))) {
      examine(bdev);
    }
  }

  void examine(Bdev bdev) {
    for (Consumer<Bdev> examiner : examiners) {
      examiner.accept(bdev);
    }
  }

  /** Another one of that name is not meant. */
  void unregistered(Bdev bdev) {
    allowed.remove(bdev.name());
    allowed.remove(uuid(bdev));
  }

  private static String uuid(Bdev bdev) {
    return bdev.properties().uuid().toString();
  }
}
