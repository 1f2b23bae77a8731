import io.millrace.server.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.AutoComplete;

/**
 * Writes what bash completes Millrace's command lines by, from what the program itself says of its
 * commands.
 *
 * <p>usage: java Completion.java FILE
 */
final class Completion {
  private Completion() {}

  public static void main(String[] args) throws IOException {
    Files.writeString(Path.of(args[0]), AutoComplete.bash("millrace", Main.commands()));
  }
}
