package io.millrace.server.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves {@code GET /metrics}, in the JDK's HTTP server and on its threads, at most {@value
 * #MAX_CONNECTIONS}: one for each connection that sends or is answered, so that slow clients hold
 * up none but themselves. One scrape at a time asks the server for its figures; those that come
 * within {@value #SAME_PAGE_MILLIS} ms of one are given the same page.
 */
public final class MetricsServer implements AutoCloseable {
  /** Clients at the same time; one more is disconnected. */
  static final int MAX_CONNECTIONS = 16;

  /** Bytes of all header lines together. */
  static final int MAX_HEADER_BYTES = 16 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(MetricsServer.class);

  /** Below Prometheus' own 10 s, which then would only say that it waited. */
  private static final long FIGURES_SECONDS = 8;

  private static final long SAME_PAGE_MILLIS = 100;
  private static final long IDLE_THREAD_SECONDS = 30;
  private static final String PATH = "/metrics";

  /**
   * The JDK's server has its limits by properties alone, and none by default; seconds and bytes.
   */
  private static final Map<String, String> LIMITS =
      Map.of(
          "jdk.httpserver.maxConnections", Integer.toString(MAX_CONNECTIONS),
          "sun.net.httpserver.maxIdleConnections", "4",
          "sun.net.httpserver.maxReqHeaders", "64",
          "sun.net.httpserver.maxReqHeaderSize", Integer.toString(MAX_HEADER_BYTES),
          "sun.net.httpserver.maxReqTime", "2",
          "sun.net.httpserver.maxRspTime", "15",
          "sun.net.httpserver.clockTick", "500");

  private final HttpServer http;
  private final ThreadPoolExecutor threads;
  private final MetricsSource source;
  private final ReentrantLock scraping = new ReentrantLock();
  private byte[] page = {}; // of whoever scrapes, as are the next two
  private long pageNanos;
  private boolean hasPage;

  private MetricsServer(HttpServer http, ThreadPoolExecutor threads, MetricsSource source) {
    this.http = http;
    this.threads = threads;
    this.source = source;
  }

  /**
   * Begins to serve. Any thread but the control thread.
   *
   * @param methods at run time, or every scrape fails
   * @param control the reactor of the control thread
   * @param clients how many are connected to JSON-RPC; asked on the control thread
   * @throws IOException nothing can listen there; one line that says where
   */
  public static MetricsServer start(
      MetricsAddress address, MethodRegistry methods, Reactor control, IntSupplier clients)
      throws IOException {
    return start(address, new MethodFigures(methods, control, clients));
  }

  /** As that, with figures from elsewhere. */
  static MetricsServer start(MetricsAddress address, MetricsSource source) throws IOException {
    LIMITS.forEach((name, value) -> {
      if (System.getProperty(name) == null) {
        System.setProperty(name, value);
      }
    });
    HttpServer http;
    try {
      http = HttpServer.create(address.resolve(), 0);
    } catch (IOException e) {
      throw new IOException(
          "--metrics "
              + address.text()
              + ": cannot listen there: "
              + e.getMessage()
              + "; choose another port or address",
          e);
    }
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            0,
            MAX_CONNECTIONS,
            IDLE_THREAD_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform().name("metrics-", 0).daemon().factory());
    MetricsServer server = new MetricsServer(http, threads, source);
    http.setExecutor(threads);
    http.createContext("/", server::answer);
    http.start();
    return server;
  }

  /** Where to look, for people. */
  public String url() {
    InetSocketAddress at = http.getAddress();
    String host = at.getAddress().getHostAddress();
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + at.getPort() + PATH;
  }

  /** The port that it listens at. */
  int port() {
    return http.getAddress().getPort();
  }

  /** Stops listening and drops the clients. Any thread. */
  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      if (!method.equals("GET") && !method.equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        send(exchange, HttpURLConnection.HTTP_BAD_METHOD, utf8("GET " + PATH + "\n"));
      } else if (!exchange.getRequestURI().getPath().equals(PATH)) {
        send(exchange, HttpURLConnection.HTTP_NOT_FOUND, utf8("metrics are at " + PATH + "\n"));
      } else {
        scrape(exchange);
      }
    }
  }

  private void scrape(HttpExchange exchange) throws IOException {
    String problem;
    try {
      byte[] text = page();
      exchange.getResponseHeaders().set("Content-Type", Exposition.CONTENT_TYPE);
      send(exchange, HttpURLConnection.HTTP_OK, text);
      return;
    } catch (TimeoutException e) {
      problem = "the control thread has not answered within " + FIGURES_SECONDS + " s";
    } catch (ExecutionException e) {
      problem = String.valueOf(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problem = "the server ends";
    }
    LOG.warn("metrics: a scrape was answered with an error: {}", problem);
    send(exchange, HttpURLConnection.HTTP_UNAVAILABLE, utf8(problem + "\n"));
  }

  private byte[] page() throws InterruptedException, ExecutionException, TimeoutException {
    if (!scraping.tryLock(FIGURES_SECONDS, TimeUnit.SECONDS)) {
      throw new TimeoutException();
    }
    try {
      return freshPage();
    } finally {
      scraping.unlock();
    }
  }

  private byte[] freshPage() throws InterruptedException, ExecutionException, TimeoutException {
    long now = System.nanoTime();
    if (!hasPage || now - pageNanos >= TimeUnit.MILLISECONDS.toNanos(SAME_PAGE_MILLIS)) {
      MetricsSource.Figures figures =
          source.take().toCompletableFuture().get(FIGURES_SECONDS, TimeUnit.SECONDS);
      page = utf8(MetricsPage.of(figures));
      pageNanos = System.nanoTime();
      hasPage = true;
    }
    return page;
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : body.length);
    if (!head) {
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(body);
      }
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
