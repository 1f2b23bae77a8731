package io.millrace.rpc;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import io.millrace.linux.InheritedSocket;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.SocketFile;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.PeerCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JSON-RPC 2.0 on a Unix stream socket with SPDK's framing: no delimiter, pipelining, each reply
 * ends with a newline, replies in the order in which calls finish.
 *
 * <p>It lives on one event loop, on which every handler is called. {@link #listen} and {@link
 * #close} may be called on any thread; both finish on that loop, so they must not be waited for
 * there.
 */
public final class RpcServer {
  /** Clients at the same time; more wait in the socket's backlog. */
  public static final int MAX_CONNECTIONS = 64;

  private static final Logger log = LoggerFactory.getLogger(RpcServer.class);
  private static final int OWNER_ONLY = 0600;
  private static final int BACKLOG = 512;

  /** One accept a turn, so that the limit is exact. */
  private static final RecvByteBufAllocator ONE_AT_A_TIME =
      new FixedRecvByteBufAllocator(1).maxMessagesPerRead(1);

  private final Path path;
  private final @Nullable SocketFile file; // null where another process made the socket
  private final EventLoop loop;
  private final Dispatcher dispatcher;
  private final Set<Channel> connections = new HashSet<>();
  private final CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();
  private @Nullable Channel listening;
  private boolean closing;

  private RpcServer(Path path, @Nullable SocketFile file, EventLoop loop, MethodRegistry registry) {
    this.path = path;
    this.file = file;
    this.loop = loop;
    this.dispatcher = new Dispatcher(registry, this::onLoop);
  }

  /**
   * Listens at {@code socket}, for the owner of the process only (mode 0600); a dead server's
   * socket is replaced. Whoever sets another mode lets the file's group in, and never others.
   *
   * @param loop an epoll event loop; the caller's, who ends it after {@link #close}
   * @return the server once it can be connected to; or a failure with {@link IOException}, whose
   *     message is one line, and nothing left behind
   */
  public static CompletionStage<RpcServer> listen(
      Path socket, EventLoop loop, MethodRegistry registry) {
    SocketFile file;
    try {
      file = SocketFile.claim(socket);
    } catch (IOException refused) {
      return CompletableFuture.failedStage(refused);
    }
    RpcServer server = new RpcServer(file.path(), file, loop, registry);
    return server.started(
        server
            .bootstrap()
            .channel(EpollServerDomainSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .bind(new DomainSocketAddress(file.path().toFile())));
  }

  /**
   * As {@link #listen}, on a socket that whoever started this process made and that listens
   * already: its file, mode and owner are theirs, and it outlives this server.
   *
   * @param number the descriptor's, which nobody else in this process may own; this server's from
   *     now on
   */
  public static CompletionStage<RpcServer> inherit(
      int number, EventLoop loop, MethodRegistry registry) {
    Path path;
    int listening;
    try {
      InheritedSocket socket = InheritedSocket.adopt(number);
      if (!socket.isListening()) {
        socket.close();
        throw new IOException("fd " + number + " is a connected socket; JSON-RPC listens on one");
      }
      path = requireNonNullElse(socket.path(), Path.of("fd" + number));
      listening = socket.descriptor().release();
    } catch (IOException refused) {
      return CompletableFuture.failedStage(refused);
    }
    RpcServer server = new RpcServer(path, null, loop, registry);
    return server.started(
        server
            .bootstrap()
            .channelFactory(() -> new EpollServerDomainSocketChannel(listening, true))
            .option(ChannelOption.AUTO_READ, false)
            .register());
  }

  private ServerBootstrap bootstrap() {
    return new ServerBootstrap()
        .group(loop)
        .option(ChannelOption.RECVBUF_ALLOCATOR, ONE_AT_A_TIME)
        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .handler(new Admission())
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new RpcConnection(dispatcher));
              }
            });
  }

  private CompletionStage<RpcServer> started(ChannelFuture binding) {
    CompletableFuture<RpcServer> bound = new CompletableFuture<>();
    binding.addListener(done -> {
      listening = binding.channel();
      if (done.isSuccess()) {
        finishListen(bound);
      } else {
        fail(bound, done.cause());
      }
    });
    return bound;
  }

  private void finishListen(CompletableFuture<RpcServer> bound) {
    try {
      if (file != null) {
        LinuxFiles.setMode(path, OWNER_ONLY);
      } else {
        acceptOnceInitialized(requireNonNull(listening));
      }
      bound.complete(this);
    } catch (IOException e) {
      fail(bound, e);
    }
  }

  /**
   * Clients of a passed socket may wait in it already, but Netty adds what takes them by a task: a
   * client that was accepted before would hang for ever.
   */
  private void acceptOnceInitialized(Channel channel) {
    loop.execute(() -> channel.config().setAutoRead(true));
  }

  private void fail(CompletableFuture<RpcServer> bound, Throwable cause) {
    close()
        .whenComplete((ignored, never) ->
            bound.completeExceptionally(
                new IOException(path + ": cannot listen there: " + cause.getMessage(), cause)));
  }

  /** Where it listens. */
  public Path socket() {
    return path;
  }

  /** Clients that are connected. The loop's thread. */
  public int connections() {
    return connections.size();
  }

  /**
   * Stops listening, closes all connections (calls under way go on, unanswered) and removes the
   * socket, if it made it. Later calls return the same stage. Any thread.
   */
  public CompletionStage<@Nullable Void> close() {
    onLoop(this::closeOnLoop);
    return closed;
  }

  private void closeOnLoop() {
    if (closing) {
      return;
    }
    closing = true;
    List<CompletableFuture<?>> ends = new ArrayList<>();
    if (listening != null) {
      ends.add(endOf(listening));
    }
    for (Channel connection : List.copyOf(connections)) {
      ends.add(endOf(connection));
    }
    var _ =
        CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
            .whenComplete((ignored, never) -> {
              if (file != null) {
                file.close();
              }
              closed.complete(null);
            });
  }

  private static CompletableFuture<@Nullable Void> endOf(Channel channel) {
    CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
    channel.close().addListener(done -> end.complete(null));
    return end;
  }

  private void onLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }

  /** Counts connections in and out; at the limit the listening socket is left alone. */
  private final class Admission extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      Channel connection = (Channel) message;
      if (!mayCall(connection)) {
        connection.unsafe().closeForcibly();
        return;
      }
      connections.add(connection);
      if (connections.size() >= MAX_CONNECTIONS) {
        ctx.channel().config().setAutoRead(false);
      }
      connection.closeFuture().addListener(done -> left(ctx.channel(), connection));
      ctx.fireChannelRead(message);
    }

    private boolean mayCall(Channel connection) {
      String refusal;
      try {
        PeerCredentials peer = ((EpollDomainSocketChannel) connection).peerCredentials();
        refusal = RpcPeers.refusal(peer.uid(), peer.gids()[0], path);
      } catch (IOException e) {
        refusal = "nobody knows who calls: " + e.getMessage();
      }
      if (refusal != null) {
        log.warn("{}: {}", path, refusal);
      }
      return refusal == null;
    }

    private void left(Channel server, Channel connection) {
      connections.remove(connection);
      if (!closing) {
        server.config().setAutoRead(true);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      log.warn("{}: cannot accept a connection: {}", path, cause.getMessage());
    }
  }
}
