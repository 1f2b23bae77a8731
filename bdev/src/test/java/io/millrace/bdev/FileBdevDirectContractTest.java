package io.millrace.bdev;

import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** A file does what every bdev does, past the page cache: memory of any alignment included. */
class FileBdevDirectContractTest extends BdevContract {
  @TempDir Path folder;

  @Override
  Bdev newBdev(String name) throws Exception {
    Path image = folder.resolve(name + ".img");
    Files.write(image, new byte[SIZE]);
    return FileBdev.create(FileBdevOptions.of(name, image).withBlockSize(BLOCK).withDirect(true));
  }
}
