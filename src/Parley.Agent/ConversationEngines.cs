using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>Who hears, thinks and speaks. The conversation uses them and leaves them to their owner.</summary>
/// <param name="Detector">Voice activity; its state is this conversation's alone.</param>
/// <param name="Ear">Speech to text.</param>
/// <param name="Brain">What answers. A guard is a client in front of it.</param>
/// <param name="Voice">Text to speech.</param>
/// <param name="VoiceOptions">Which voice, how fast, where the settings do not say; <see langword="null"/> for the engine's own.</param>
public sealed record ConversationEngines(
    ISpeechDetector Detector, ISpeechToTextClient Ear, IChatClient Brain, ITextToSpeechClient Voice, TextToSpeechOptions? VoiceOptions = null)
{
    /// <summary>Judges whether a turn is over; <see langword="null"/> to go by silence.</summary>
    public ITurnDetector? TurnDetector { get; init; }
}
