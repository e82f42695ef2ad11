/** Owns the command `npm run build`: brings the bundles in dist/ up to date. `node tools/build.ts image` leaves out the embedded cluster. */
import { buildBundles } from '../image/bundles.ts';

const started = performance.now();
const built = await buildBundles(process.argv[2] === 'image' ? 'image' : 'all');
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(built ? `dist/ built in ${seconds} s` : 'dist/ is up to date');
