/** Numbers from 0 on, joined into sets; 4 bytes a number. A set is named by its smallest member, in whatever order it was joined. */
export class DisjointSets {
  private readonly parents: Uint32Array;

  constructor(count: number) {
    this.parents = Uint32Array.from({ length: count }, (_, index) => index);
  }

  /** The smallest member of the set that `index` is in. */
  find(index: number): number {
    let root = index;
    for (let parent = this.parentOf(root); parent !== root; parent = this.parentOf(root)) root = parent;
    for (let at = index; at !== root;) {
      const next = this.parentOf(at);
      this.parents[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [rootA, rootB] = [this.find(a), this.find(b)];
    if (rootA !== rootB) this.parents[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
  }

  private parentOf(index: number): number {
    return this.parents[index] ?? index;
  }
}
