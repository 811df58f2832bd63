/** esbuild inlines a style sheet as text (see build.mjs). */
declare module "*.css" {
  const text: string;
  export default text;
}
