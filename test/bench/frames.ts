export async function frames(_: unknown): Promise<void> {}
