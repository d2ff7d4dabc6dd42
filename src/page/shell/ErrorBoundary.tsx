import { Component, type ReactNode } from "react";

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}
interface ErrorBoundaryState {
  readonly error: unknown;
}

/** What is left when drawing the page failed: our fault, said plainly, with a way out. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { error: null };

  static getDerivedStateFromError(error: unknown): ErrorBoundaryState {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <main style={{ maxWidth: "40rem", margin: "4rem auto", padding: "0 1rem" }}>
        <h1>The page broke</h1>
        <p role="alert">
          This is a fault in the playground: {error instanceof Error ? error.message : "unknown"}. Reloading
          starts it afresh; the address keeps your settings.
        </p>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      </main>
    );
  }
}
