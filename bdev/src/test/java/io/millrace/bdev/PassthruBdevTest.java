package io.millrace.bdev;

import io.millrace.bdev.stacked.PassthruBdev;
import java.util.UUID;

/** A passthru bdev over memory does what every bdev does. */
class PassthruBdevTest extends BdevContract {
  @Override
  Bdev newBdev(String name) throws BdevException {
    registry.register(MallocBdev.create("base", UUID.randomUUID(), BLOCK, 4096, BLOCKS));
    return PassthruBdev.create(registry, "base", name, null);
  }
}
