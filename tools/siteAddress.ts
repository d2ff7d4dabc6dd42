import type { Plugin } from "vite";

/**
 * Where the build will be published, if that is known: `SITE_URL=https://example.org/playground/ npm run build`. Other
 * sites show a page's preview image only by its whole address.
 */
export const siteAddress: Plugin = {
  name: "site-address",
  apply: "build",
  transformIndexHtml(html) {
    const asked = process.env["SITE_URL"] ?? "";
    if (asked === "") return html;
    const base = new URL(asked.endsWith("/") ? asked : `${asked}/`);
    if (!/^https?:$/.test(base.protocol)) throw new Error(`SITE_URL is ${asked}, which is no web address.`);
    const image = `${base.href}social-preview.png`;
    return {
      html: html.replace('content="./social-preview.png"', `content="${image}"`),
      tags: [{ tag: "meta", attrs: { property: "og:url", content: base.href }, injectTo: "head" }],
    };
  },
};
