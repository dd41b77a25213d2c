/** What the images contain. The Dockerfile copies exactly these files. */
import { existsSync, globSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { productionPackages } from '../../scripts/release/lockfile.ts';
import { reachableModules } from './modules.ts';
import { filesOfPackage } from './packages.ts';

/** `product` is for every installation. `trial` also has the payment provider that moves no money, for compose. */
export type Target = 'product' | 'trial';

/** Files that programs read but do not import. */
const dataFiles = ['services/orders-db/migrations/*.sql'];
/** Each copy of the product has its name, its version and its licence. */
const namingFiles = ['package.json', 'LICENSE'];
/** Modules that `node --import` loads before a service. */
const preloadedModules = ['services/shared/trace/register.ts'];
/** The command line finds local servers only where this folder exists. */
const absentFolders = ['stack'];
const trialEntries = ['stack/payment-provider/main.ts'];

/** The files of an image, as sorted paths relative to `root`, which has the production packages installed. */
export function imageFiles(root: string, target: Target = 'product'): string[] {
  const product = reachableModules(root, [...programs(root), ...preloadedModules], absentFolders);
  const trial = target === 'trial' ? reachableModules(root, trialEntries) : [];
  const packages = productionPackages(root)
    .filter(({ folder }) => existsSync(path.join(root, folder)))
    .flatMap(({ folder }) => filesOfPackage(root, folder));
  const data = globSync(dataFiles, { cwd: root });
  return [...new Set([...namingFiles, ...product, ...trial, ...data, ...packages])].sort();
}

/** The programs of the product image: each service and the command line. */
export function programs(root: string): string[] {
  const services = readdirSync(path.join(root, 'services'))
    .map((name) => `services/${name}/main.ts`)
    .filter((file) => existsSync(path.join(root, file)));
  return [...services, 'cli/main.ts'];
}
