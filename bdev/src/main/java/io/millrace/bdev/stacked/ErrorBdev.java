package io.millrace.bdev.stacked;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoType;
import io.millrace.reactor.Reactor;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A bdev that fails, delays or falsifies requests on demand, to test what is above. Named after its
 * base: {@code EE_} and its name.
 */
public final class ErrorBdev extends StackedBdev {
  /** The requests that can be hit, as in SPDK. */
  public static final Set<IoType> TYPES =
      Set.copyOf(EnumSet.of(IoType.READ, IoType.WRITE, IoType.UNMAP, IoType.FLUSH));

  /** By type of request; the control thread changes them under the channels' eyes. */
  private final AtomicReferenceArray<@Nullable Injection> injections =
      new AtomicReferenceArray<>(IoType.values().length);

  private ErrorBdev(ClaimedBase base, String name, UUID uuid) {
    super(base, like(base.bdev(), name, uuid, "Error Injection Disk"));
  }

  /** The name of the error bdev over a base. */
  public static String nameOver(String baseName) {
    return "EE_" + baseName;
  }

  /**
   * Claims the base and makes the bdev; it is not registered yet.
   *
   * @param uuid its UUID; null for one made of the base's
   * @param released runs when the base is given back
   */
  public static ErrorBdev create(
      BdevRegistry registry, String baseName, @Nullable UUID uuid, Runnable released)
      throws BdevException {
    return ClaimedBase.stack(
        registry,
        baseName,
        "error",
        released,
        base ->
            new ErrorBdev(
                base, nameOver(baseName), uuid != null ? uuid : defaultUuid(base.bdev())));
  }

  private static UUID defaultUuid(Bdev base) {
    return NameUuid.ofPart(base, 0, base.blockCount());
  }

  /**
   * Makes up an error, in place of the one of that type before. Control thread.
   *
   * @param type one of {@link #TYPES}
   */
  public void inject(IoType type, Injection injection) {
    if (!TYPES.contains(type)) {
      throw new IllegalArgumentException("no error for " + type);
    }
    injections.set(type.ordinal(), injection);
  }

  /** Makes up an error for every type, each with a count of its own. Control thread. */
  public void injectAll(Injection injection) {
    TYPES.forEach(type -> inject(type, injection.copy()));
  }

  /** Makes up no errors any more; what is pending stays so. Control thread. */
  public void clear() {
    TYPES.forEach(type -> injections.set(type.ordinal(), null));
  }

  /** Makes up no pending requests any more and goes on with those there are. Control thread. */
  public void resumePending() {
    for (IoType type : TYPES) {
      Injection injection = injections.get(type.ordinal());
      if (injection != null && injection.kind() == Injection.Kind.PENDING) {
        injections.set(type.ordinal(), null);
      }
    }
    onEveryChannel(channel -> ((ErrorChannel) channel).resumePending());
  }

  /** The error that hits a request, or null. On the channel's reactor. */
  @Nullable Injection hit(IoType type, long below) {
    Injection injection = injections.get(type.ordinal());
    return injection != null && injection.hits(below) ? injection : null;
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) throws BdevException {
    return new ErrorChannel(this, reactor);
  }

  @Override
  public Map<String, Object> driverSpecific() {
    return Map.of("error_disk", Map.of("base_bdev", base().name()));
  }
}
