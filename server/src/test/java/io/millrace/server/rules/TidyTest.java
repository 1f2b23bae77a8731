package io.millrace.server.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TidyTest {
  @Test
  void everyTextFileIsTidy() throws Exception {
    List<String> found = new ArrayList<>();
    for (Path file : SourceTree.files()) {
      if (TextRules.appliesTo(file.toString())) {
        textOf(file, found);
      }
    }

    assertThat(found).isEmpty();
  }

  @Test
  void noMethodIsLongerThanAScreen() throws Exception {
    List<Path> sources = SourceTree.files(".java").stream().map(SourceTree.ROOT::resolve).toList();

    assertThat(MethodLengths.violations(sources)).isEmpty();
  }

  @Test
  void everyPackageSaysWhatLivesInIt() throws Exception {
    assertThat(PackageRules.violations(SourceTree.ROOT, SourceTree.files(".java"))).isEmpty();
  }

  @Test
  void untidyLinesAreFound() {
    String sleep = "Thread.sl" + "eep(5);\n";

    assertThat(TextRules.violations("A.java", "int a; // TO" + "DO later\n")).hasSize(1);
    assertThat(TextRules.violations("A.java", "int a; \n")).hasSize(1);
    assertThat(TextRules.violations("A.java", "\tint a;\n")).hasSize(1);
    assertThat(TextRules.violations("A.java", "int a;")).hasSize(1);
    assertThat(TextRules.violations("x/src/test/java/A.java", sleep)).hasSize(1);
    assertThat(TextRules.violations("x/src/main/java/A.java", sleep)).isEmpty();
    assertThat(TextRules.violations("Makefile", "a:\n\tb\n")).isEmpty();
  }

  @Test
  void aFileMayHave400LinesAndNotOneMore() {
    assertThat(TextRules.violations("A.java", "int a;\n".repeat(400))).isEmpty();
    assertThat(TextRules.violations("A.java", "int a;\n".repeat(401))).hasSize(1);
    assertThat(TextRules.violations("A.md", "text\n".repeat(401))).isEmpty();
  }

  @Test
  void aMethodMayHave60LinesAndNotOneMore(@TempDir Path folder) throws IOException {
    Path fits = write(folder.resolve("Fits.java"), "class Fits { void a() {\n", 59);
    Path tooLong = write(folder.resolve("Long.java"), "class Long { void a() {\n", 60);

    assertThat(MethodLengths.violations(List.of(fits))).isEmpty();
    assertThat(MethodLengths.violations(List.of(tooLong)))
        .singleElement()
        .asString()
        .contains("Long.java:1: a() has 61 lines");
  }

  @Test
  void aPackageWithoutItsInfoIsFound(@TempDir Path root) throws IOException {
    Path folder = Path.of("m/src/main/java/p");
    Files.createDirectories(root.resolve(folder));
    List<Path> sources = List.of(folder.resolve("A.java"));

    assertThat(PackageRules.violations(root, sources))
        .containsExactly(
            folder
                + "/package-info.java: missing; say what lives here, which thread, where to start");

    Files.writeString(root.resolve(folder).resolve("package-info.java"), "package p;\n");
    assertThat(PackageRules.violations(root, sources)).hasSize(2);
  }

  private static Path write(Path file, String head, int lines) throws IOException {
    return Files.writeString(file, head + "\n".repeat(lines - 1) + "}}\n");
  }

  private static void textOf(Path file, List<String> found) throws IOException {
    try {
      found.addAll(TextRules.violations(file.toString(), SourceTree.read(file)));
    } catch (MalformedInputException e) {
      assert !file.toString().endsWith(".java") : file; // not text: a captured message, a picture
    }
  }
}
