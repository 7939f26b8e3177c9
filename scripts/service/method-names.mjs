/** Methods as people call them. */
export const METHOD_NAMES = {
  BIOTUNE: 'BioTune (search)',
  FULL_FINE_TUNE: 'Full fine-tuning',
  FULL_FINE_TUNE_TUNED: 'Full, rate chosen',
  LINEAR_PROBE: 'Linear probe',
  LP_FT: 'LP-FT',
  LP_BODY: 'LP, body alone',
  GRADUAL_UNFREEZING: 'Gradual unfreezing',
  AUTO_RGN: 'Auto-RGN',
  LORA: 'LoRA',
  NORM_TUNE: 'Norm tuning',
  L2_SP: 'L2-SP',
  L1_SP: 'L1-SP',
  LAYER_DECAY: 'Layer decay',
  RANDOM_SEARCH: 'Random search',
  SUFFIX_GRID: 'Suffix grid',
  SOUP: 'Soup of finalists',
};
