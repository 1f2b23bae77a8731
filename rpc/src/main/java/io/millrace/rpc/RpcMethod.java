package io.millrace.rpc;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One method: name, aliases, states, parameters and what it does. Immutable. */
public final class RpcMethod {
  /** In the names of those that only ask, SPDK's and ours. */
  private static final String QUERY = "_get_";

  private final String name;
  private final String help;
  private final Set<String> aliases;
  private final Set<RpcState> states;
  private final Map<String, Param> params;
  private final boolean takesUnknownParams;
  private final boolean configures;
  private final boolean ours;
  private final int badParamsCode;
  private final @Nullable String badParamsMessage;
  private final RpcHandler handler;

  private RpcMethod(Builder from, RpcHandler handler) {
    this.name = from.name;
    this.help = from.help;
    this.aliases = Set.copyOf(from.aliases);
    this.states = Set.copyOf(from.states);
    this.params = from.params;
    this.takesUnknownParams = from.takesUnknownParams;
    this.configures = from.configures;
    this.ours = from.ours;
    this.badParamsCode = from.badParamsCode;
    this.badParamsMessage = from.badParamsMessage;
    this.handler = handler;
  }

  /** Starts a method callable at {@link RpcState#RUNTIME} without parameters. */
  public static Builder named(String name, String help) {
    return new Builder(name, help);
  }

  /** Its name, SPDK's spelling. */
  public String name() {
    return name;
  }

  /** One line for people. */
  public String help() {
    return help;
  }

  /** Older names that still work. */
  public Set<String> aliases() {
    return aliases;
  }

  /** When it may be called. */
  public Set<RpcState> states() {
    return states;
  }

  /** Its parameters in the order of their declaration. */
  public List<Param> params() {
    return List.copyOf(params.values());
  }

  /** The parameter of that name. */
  public Optional<Param> param(String name) {
    return Optional.ofNullable(params.get(name));
  }

  /** Its name and parameters on one line, the optional ones in brackets. */
  public String signature() {
    return name
        + params.values().stream()
            .map(p -> p.isRequired() ? p.name() : "[" + p.name() + "]")
            .collect(Collectors.joining(", ", "(", ")"));
  }

  /** Whether it may change the {@link Configuration}. */
  public boolean configures() {
    return configures;
  }

  /** Whether SPDK has no method of this name. */
  public boolean isOurs() {
    return ours;
  }

  boolean takesUnknownParams() {
    return takesUnknownParams;
  }

  RpcHandler handler() {
    return handler;
  }

  RpcException badParams(Param param, String problem) {
    return badParams("parameter " + param.name() + " (" + param.help() + ") " + problem);
  }

  RpcException takesNoParams() {
    String message =
        badParamsMessage == null ? name + " method requires no parameters" : badParamsMessage;
    return new RpcException(RpcException.INVALID_PARAMS, message);
  }

  RpcException badParams(String problem) {
    String message = badParamsMessage == null ? "Invalid parameters" : badParamsMessage;
    return new RpcException(badParamsCode, message, name + ": " + problem);
  }

  @Override
  public String toString() {
    return signature();
  }

  /** Collects what a method declares; used once, on any thread. */
  public static final class Builder {
    private final String name;
    private final String help;
    private final Set<String> aliases = new LinkedHashSet<>();
    private final Map<String, Param> params = new LinkedHashMap<>();
    private Set<RpcState> states = EnumSet.of(RpcState.RUNTIME);
    private boolean takesUnknownParams;
    private boolean configures;
    private boolean ours;
    private int badParamsCode = RpcException.INVALID_PARAMS;
    private @Nullable String badParamsMessage;

    private Builder(String name, String help) {
      this.name = Objects.requireNonNull(name);
      this.configures = !name.contains(QUERY);
      this.help = Objects.requireNonNull(help);
    }

    /** Another name it answers to. */
    public Builder alias(String alias) {
      aliases.add(alias);
      return this;
    }

    /** When it may be called, in place of {@link RpcState#RUNTIME}. */
    public Builder states(RpcState first, RpcState... more) {
      states = EnumSet.of(first, more);
      return this;
    }

    /** Adds a parameter. */
    public Builder param(Param param) {
      if (params.put(param.name(), param) != null) {
        throw new IllegalStateException(name + " declares " + param.name() + " twice");
      }
      return this;
    }

    /** SPDK has no method of this name. */
    public Builder ours() {
      ours = true;
      return this;
    }

    /** Unknown parameters are ignored, as SPDK does where a plug-in may read them. */
    public Builder takesUnknownParams() {
      takesUnknownParams = true;
      return this;
    }

    /**
     * It never changes the {@link Configuration}, though its name does not say that it only asks.
     * Every other method is not begun unless its changes can be kept, and not answered before they
     * are.
     */
    public Builder configuresNothing() {
      configures = false;
      return this;
    }

    /**
     * What wrong parameters are answered with, in place of -32602 "Invalid parameters"; where there
     * are none to give, the text alone in place of "NAME method requires no parameters".
     */
    public Builder badParams(int code, String message) {
      badParamsCode = code;
      badParamsMessage = message;
      return this;
    }

    /** The finished method. */
    public RpcMethod handledBy(RpcHandler handler) {
      return new RpcMethod(this, handler);
    }
  }
}
