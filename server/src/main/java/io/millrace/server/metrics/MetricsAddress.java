package io.millrace.server.metrics;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where metrics are served, as {@code --metrics} says it: {@code [ADDRESS:]PORT}.
 *
 * @param text as the user wrote it, for messages
 * @param host name or number; empty for loopback
 * @param port 0 for one that is free
 */
public record MetricsAddress(String text, String host, int port) {
  private static final Pattern FORM =
      Pattern.compile("(?:(?:\\[([^\\]]+)\\]|([^:\\[\\]]+)):)?(\\d{1,5})");
  private static final int MAX_PORT = 0xffff;

  /**
   * Reads it; no name is looked up yet.
   *
   * @throws IllegalArgumentException it is none; one line
   */
  public static MetricsAddress parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches() || Integer.parseInt(matcher.group(3)) > MAX_PORT) {
      throw new IllegalArgumentException(
          "--metrics "
              + text
              + " is no [ADDRESS:]PORT such as 9464, 0.0.0.0:9464 or [::1]:9464, ports to 65535");
    }
    String bracketed = matcher.group(1);
    String plain = matcher.group(2);
    String host = bracketed != null ? bracketed : plain != null ? plain : "";
    return new MetricsAddress(text, host, Integer.parseInt(matcher.group(3)));
  }

  InetSocketAddress resolve() throws UnknownHostException {
    InetAddress address =
        host.isEmpty() ? InetAddress.getLoopbackAddress() : InetAddress.getAllByName(host)[0];
    return new InetSocketAddress(address, port);
  }
}
