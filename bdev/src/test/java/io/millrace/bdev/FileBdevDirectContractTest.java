package io.millrace.bdev;

import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.bdev.file.FileEngineKind;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A file does what every bdev does, past the page cache: memory of any alignment included. */
@ParameterizedClass
@EnumSource(
    value = FileEngineKind.class,
    names = {"IO_URING", "THREADS"})
class FileBdevDirectContractTest extends BdevContract {
  @Parameter FileEngineKind engine;
  @TempDir Path folder;

  @Override
  Bdev newBdev(String name) throws Exception {
    Path image = folder.resolve(name + ".img");
    Files.write(image, new byte[SIZE]);
    return FileBdev.create(
        FileBdevOptions.of(name, image).withEngine(engine).withBlockSize(BLOCK).withDirect(true));
  }
}
