package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where results are kept for readers.
 *
 * @param folder for figures and plots
 * @param page the document about them
 */
record Publisher(Path folder, Path page) {
  /** Writes figures, plots and page; what was there is replaced. */
  void publish(Results results) throws IOException {
    Files.createDirectories(folder);
    results.write(folder.resolve("bench.json"));
    Map<String, String> plots = Plots.of(results.figures());
    for (Map.Entry<String, String> plot : plots.entrySet()) {
      Files.writeString(folder.resolve(plot.getKey()), plot.getValue());
    }
    Path parent = page.toAbsolutePath().normalize().getParent();
    if (parent == null) {
      throw new IOException(page + " cannot be a page");
    }
    Files.createDirectories(parent);
    String relative = parent.relativize(folder.toAbsolutePath().normalize()).toString();
    Files.writeString(page, Page.of(results, plots.keySet(), relative, Explanations.kept()));
  }
}
