package io.millrace.server.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModuleRulesTest {
  private static final Pattern MODULE = Pattern.compile("<module>(.+)</module>");
  private static final Pattern SERVER =
      Pattern.compile("import (static )?io\\.millrace\\.server\\b|millrace-server</artifactId>");

  @TempDir private Path folder;

  @Test
  void everyModuleHasItsPlaceInTheOrder() throws IOException {
    List<String> modules =
        MODULE.matcher(SourceTree.read(Path.of("pom.xml"))).results().map(r -> r.group(1)).toList();

    assertThat(modules)
        .allMatch(m -> ModuleRules.KNOWS.containsKey(m) || ModuleRules.OUTSIDE.contains(m));
    // The table is in building order: a module knows only those above it, so there is no cycle.
    List<String> above = new ArrayList<>();
    ModuleRules.KNOWS.forEach((module, known) -> {
      assertThat(above).as(module).containsAll(known);
      above.add(module);
    });
  }

  @Test
  void modulesKnowOnlyWhatTheyMayKnow() {
    List<String> found = new ArrayList<>();
    for (String module : ModuleRules.KNOWS.keySet()) {
      Path classes = SourceTree.ROOT.resolve(module).resolve("target/classes");
      for (JavaClass type : new ClassFileImporter().importPath(classes)) {
        if (!type.getName().equals("module-info")) {
          found.addAll(ModuleRules.violations(module, type));
        }
      }
    }

    assertThat(found).isEmpty();
  }

  @Test
  void nothingDependsOnTheServer() throws Exception {
    List<String> found = new ArrayList<>();
    for (Path file : SourceTree.files()) {
      boolean looks = file.toString().endsWith(".java") || file.endsWith("pom.xml");
      if (looks && file.getNameCount() > 1 && !file.startsWith("server")) {
        SERVER.matcher(SourceTree.read(file)).results().forEach(r -> found.add(file + ": " + r));
      }
    }

    assertThat(found).isEmpty();
  }

  @Test
  void aModuleThatKnowsTooMuchIsFound() throws IOException {
    JavaClass planted =
        planted("package io.millrace.linux; class Planted { io.millrace.rpc.RpcClient client; }");

    assertThat(ModuleRules.violations("linux", planted))
        .isNotEmpty()
        .allMatch(violation -> violation.endsWith("linux may not know rpc"));
    assertThat(ModuleRules.mayUse("virtio-blk")).contains("vhost-user", "virtqueue", "rpc");
    assertThat(ModuleRules.mayUse("vhost-user")).doesNotContain("bdev", "server");
    assertThat(ModuleRules.mayUse("reactor")).containsExactly("linux", "reactor");
  }

  @Test
  void aClassInAnotherModulesPackageIsFound() throws IOException {
    JavaClass planted = planted("package io.millrace.bdev; class Planted {}");

    assertThat(ModuleRules.violations("server", planted))
        .containsExactly(
            "io.millrace.bdev.Planted lies in module server, outside io.millrace.server");
  }

  @Test
  void nativeCallsOutsideLinuxAreFound() throws IOException {
    JavaClass planted =
        planted("package io.millrace.server; class Planted { java.lang.foreign.Linker linker; }");

    assertThat(ModuleRules.violations("server", planted))
        .isNotEmpty()
        .allMatch(violation -> violation.endsWith("native calls are made in linux only"));
  }

  @Test
  void reinterpretOutsideRawMemoryIsFound() throws IOException {
    JavaClass planted =
        planted(
            "package io.millrace.linux; class Planted { Object all ="
                + " java.lang.foreign.MemorySegment.NULL.reinterpret(8); }");

    assertThat(ModuleRules.violations("linux", planted))
        .singleElement()
        .asString()
        .endsWith("only RawMemory reinterprets");
  }

  @Test
  void useOfAnotherModulesInternalsIsFound() throws IOException {
    JavaClass planted =
        planted("package io.millrace.bdev; class Planted { io.millrace.rpc.internal.Json json; }");

    assertThat(ModuleRules.violations("bdev", planted))
        .isNotEmpty()
        .allMatch(violation -> violation.endsWith("internal to rpc"));
  }

  private JavaClass planted(String source) throws IOException {
    return Planted.compile(folder, source);
  }
}
