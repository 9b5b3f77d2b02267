using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>Options that only flow-matching voices (Voxtral) have; vllm-omni's names on the wire.</summary>
public static class VoxtralSpeechExtensions
{
    extension(TextToSpeechOptions options)
    {
        /// <summary>Weight of the guided direction (<c>cfg_alpha</c>), 0 to 10; null for the engine's 1.2.</summary>
        public float? CfgAlpha
        {
            get => options.AdditionalProperties?.GetValueOrDefault("cfg_alpha") as float?;
            set => (options.AdditionalProperties ??= [])["cfg_alpha"] = value;
        }

        /// <summary>Euler steps of the flow matching (<c>flow_steps</c>), 1 to 64; null for the checkpoint's.</summary>
        public int? FlowSteps
        {
            get => options.AdditionalProperties?.GetValueOrDefault("flow_steps") as int?;
            set => (options.AdditionalProperties ??= [])["flow_steps"] = value;
        }

        /// <summary>The longest utterance in codec frames of 80 ms (<c>max_new_tokens</c>), 1 to 4000; null for 2048.</summary>
        public int? MaxNewTokens
        {
            get => options.AdditionalProperties?.GetValueOrDefault("max_new_tokens") as int?;
            set => (options.AdditionalProperties ??= [])["max_new_tokens"] = value;
        }
    }
}
