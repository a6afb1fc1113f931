package dev.arbiter.app;

/** One HTTP exchange, as an {@link AsyncApp} sees it. */
public non-sealed interface HttpScope extends Scope, RequestHead {}
