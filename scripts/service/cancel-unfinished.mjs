/** A run that was interrupted left its job behind, which would go on now and take the workers of this one. */
export async function cancelUnfinished(rest) {
  const { fineTuneJobs } = await rest.get('/fineTuneJobs?pageSize=100');
  for (const { id } of fineTuneJobs.filter(({ done }) => !done)) {
    console.log(`Cancelling job ${id} of an earlier run`);
    await rest.post(`/fineTuneJobs/${id}/cancel`);
  }
}
