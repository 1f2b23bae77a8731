package io.millrace.bdev.stacked;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Another name for a bdev. It does nothing, so it shows what a stacked bdev costs. */
public final class PassthruBdev extends StackedBdev {
  private static final UUID NAMESPACE = UUID.fromString("7e25812e-c8c0-4d3f-8599-16d790555b85");

  private PassthruBdev(ClaimedBase base, String name, UUID uuid) {
    super(base, like(base.bdev(), name, uuid, "passthru"));
  }

  /**
   * Claims the base and makes the bdev; it is not registered yet.
   *
   * @param uuid its UUID; null for one made of the base's
   */
  public static PassthruBdev create(
      BdevRegistry registry, String baseName, String name, @Nullable UUID uuid)
      throws BdevException {
    return ClaimedBase.stack(
        registry,
        baseName,
        "passthru",
        () -> {},
        base ->
            new PassthruBdev(
                base, name, uuid != null ? uuid : NameUuid.of(NAMESPACE, base.bdev())));
  }

  @Override
  public Map<String, Object> driverSpecific() {
    Map<String, Object> passthru = new LinkedHashMap<>();
    passthru.put("name", name());
    passthru.put("base_bdev_name", base().name());
    return Map.of("passthru", passthru);
  }
}
