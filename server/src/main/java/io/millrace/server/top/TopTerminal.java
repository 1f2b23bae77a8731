package io.millrace.server.top;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/** The terminal of this process: lines out, keys in; as it was before when closed. One thread. */
final class TopTerminal implements AutoCloseable {
  /** Where a terminal does not say its size. */
  private static final Size USUAL = Size.of(80, 24);

  private final Terminal terminal;
  private final Attributes before;
  private final Display display;
  private final KeyReader keys;
  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final AtomicBoolean continued = new AtomicBoolean();
  private final AtomicBoolean left = new AtomicBoolean();
  private final Thread onExit = new Thread(this::leave, "restore-terminal");
  private Size size = USUAL;

  private TopTerminal(Terminal terminal) {
    this.terminal = terminal;
    this.before = terminal.enterRawMode();
    this.display = new Display(terminal, true);
    this.keys = new KeyReader(terminal.reader()::read);
    terminal.handle(Signal.INT, _ -> interrupted.set(true));
    terminal.handle(Signal.TSTP, SignalHandler.SIG_IGN); // or a shell would be left in raw mode
    terminal.handle(Signal.CONT, _ -> continued.set(true));
    Runtime.getRuntime().addShutdownHook(onExit);
    terminal.puts(Capability.enter_ca_mode);
    terminal.puts(Capability.cursor_invisible);
    terminal.puts(Capability.keypad_local); // arrows are sequences of the one kind or the other
    resize(sizeNow());
  }

  static TopTerminal open() throws IOException {
    return new TopTerminal(
        TerminalBuilder.builder()
            .system(true)
            .dumb(false)
            .encoding(StandardCharsets.UTF_8)
            .build());
  }

  private Size sizeNow() {
    Size now = terminal.getSize();
    return now.getColumns() > 0 && now.getRows() > 0 ? now : USUAL;
  }

  private void resize(Size now) {
    size = now;
    display.clear();
    display.resize(now);
    terminal.puts(Capability.clear_screen);
  }

  /** Whether all has to be shown again: another size, or somebody else used the terminal. */
  boolean takenAnew() {
    Size now = sizeNow();
    boolean stopped = continued.getAndSet(false);
    if (now.equals(size) && !stopped) {
      return false;
    }
    if (stopped) {
      terminal.enterRawMode();
    }
    resize(now);
    return true;
  }

  int width() {
    return size.getColumns();
  }

  int height() {
    return size.getRows();
  }

  /** The next key within a time; {@link KeyReader#END} if the user wants or has to go. */
  int key(long millis) throws IOException {
    int key = keys.read(millis);
    return interrupted.get() ? KeyReader.END : key;
  }

  /** Shows lines; only what is new is sent. */
  void show(List<Line> lines) {
    display.update(lines.stream().map(TopTerminal::styled).toList(), -1);
  }

  private static AttributedString styled(Line line) {
    AttributedStyle style =
        switch (line.style()) {
          case PLAIN -> AttributedStyle.DEFAULT;
          case TITLE -> AttributedStyle.BOLD;
          case HEADING -> AttributedStyle.BOLD.underline();
          case SELECTED -> AttributedStyle.INVERSE;
          case HINT -> AttributedStyle.DEFAULT.faint();
        };
    return new AttributedString(line.text(), style);
  }

  private void leave() {
    if (left.compareAndSet(false, true)) {
      terminal.puts(Capability.cursor_visible);
      terminal.puts(Capability.exit_ca_mode);
      terminal.flush();
      terminal.setAttributes(before);
    }
  }

  @Override
  public void close() throws IOException {
    leave();
    Runtime.getRuntime().removeShutdownHook(onExit);
    terminal.close();
  }
}
