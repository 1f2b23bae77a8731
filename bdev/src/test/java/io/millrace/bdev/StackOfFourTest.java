package io.millrace.bdev;

import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.ErrorBdev;
import io.millrace.bdev.stacked.Latency;
import io.millrace.bdev.stacked.PassthruBdev;
import io.millrace.bdev.stacked.SplitBdev;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/** Delay over passthru over error over a part of a file: still a bdev as any other. */
class StackOfFourTest extends BdevContract {
  @TempDir Path folder;

  @Override
  Bdev newBdev(String name) throws Exception {
    Path image = folder.resolve("image");
    Files.write(image, new byte[2 * SIZE]);
    registry.register(
        FileBdev.create(FileBdevOptions.of("file", image).withBlockSize(BLOCK).withRaw(true)));
    for (SplitBdev part : SplitBdev.create(registry, "file", 2, 0, () -> {})) {
      registry.register(part);
    }
    registry.register(ErrorBdev.create(registry, "filep1", null, () -> {}));
    registry.register(PassthruBdev.create(registry, "EE_filep1", "pt", null));
    return DelayBdev.create(
        registry, "pt", name, null, Map.of(Latency.AVG_READ, 30L, Latency.P99_READ, 60L));
  }
}
