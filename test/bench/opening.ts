export async function opening(_: unknown): Promise<void> {}
