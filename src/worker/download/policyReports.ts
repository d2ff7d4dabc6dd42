/** The browser's reports come after the request that they are about has failed, or just before. */
const reportDelayMs = 100;

const reported: { readonly atMs: number; readonly address: string }[] = [];

/** Listens to what the policy that this worker was sent with has stopped. */
export function listenToPolicy(scope: Pick<EventTarget, "addEventListener">): void {
  scope.addEventListener("securitypolicyviolation", (event) => {
    const { blockedURI } = event as SecurityPolicyViolationEvent;
    reported.push({ atMs: performance.now(), address: blockedURI });
    if (reported.length > 100) reported.shift();
  });
}

/**
 * Whether it was the policy that stopped a request, which to `fetch` looks like a site that does not answer. Of a
 * request that was passed on, the report names where it began, as far as its origin.
 */
export async function wasStoppedByPolicy({ origin }: URL, sinceMs: number): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, reportDelayMs));
  return reported.some(({ atMs, address }) => atMs >= sinceMs && URL.parse(address)?.origin === origin);
}
