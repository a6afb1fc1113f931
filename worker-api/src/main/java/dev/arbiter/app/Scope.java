package dev.arbiter.app;

/**
 * What an {@link AsyncApp} is asked to serve. More kinds will follow; apps ignore those they do not
 * know.
 */
public sealed interface Scope permits HttpScope, WebSocketScope {}
