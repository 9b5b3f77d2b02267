using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Parley.Graphs;

/// <summary>
/// Writes the machine code that multiplies some rows of activations with one panel of weights (<see cref="PanelLayout"/>): integer dot products
/// within a block, f32 across blocks. A weight is read and unpacked once for all rows, whose sums stay in registers, and what comes
/// next in memory is asked for ahead of time, which is what lets one row be multiplied as fast as memory is read.
/// </summary>
/// <remarks>
/// .NET 10 has no intrinsics for AVX-512 VNNI, which multiplies twice as fast as what it has (AVX-VNNI), and its compiler keeps sums in
/// registers only where each row of code names its own. Written so, one text serves every number of rows, format and width of vector.
/// The code follows the calling convention of System V and uses only registers that belong to the callee.
/// </remarks>
internal sealed class PanelKernelWriter
{
    private const int Line = 64;
    private const int Ahead = 8192; // bytes: what memory delivers while it is waited for
    private const int Dots = 48;    // instructions that multiply in one turn of the inner loop, about: it must fit the decoded-instruction cache

    // rdi holds the arguments.
    private static readonly AssemblerRegister64 Panel = rsi, Values = rdx, Scales = rcx, Corrections = r8, Products = r9, Zeros = r10, Blocks = rax, Turns = r11;

    private readonly Precision precision;
    private readonly int rows;
    private readonly bool isWide;
    private readonly int chains; // sums of a row that do not wait for each other
    private readonly Assembler code = new(64);

    private PanelKernelWriter(Precision precision, int rows, bool isWide)
    {
        this.precision = precision;
        this.rows = rows;
        this.isWide = isWide;
        chains = 4 * rows * Parts <= SumRegisters ? 4 : 2 * rows * Parts <= SumRegisters ? 2 : 1;
    }

    /// <summary>Vectors that hold the 16 products of a row.</summary>
    private int Parts => isWide ? 1 : 2;

    private int SumRegisters => MostRows(isWide) * Parts;

    /// <summary>Rows that find room in the registers.</summary>
    public static int MostRows(bool isWide) => isWide ? 24 : 6;

    /// <summary>The code of a function that takes the address of <see cref="PanelArguments"/> and returns nothing.</summary>
    /// <param name="precision">How the weights are packed.</param>
    /// <param name="rows">Rows of activations, 1 to <see cref="MostRows"/>.</param>
    /// <param name="isWide">True for AVX-512 with BW and VNNI, false for AVX-VNNI.</param>
    public static byte[] Write(Precision precision, int rows, bool isWide)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MostRows(isWide));
        PanelKernelWriter writer = new(precision, rows, isWide);
        writer.WriteFunction();
        using MemoryStream bytes = new();
        writer.code.Assemble(new StreamCodeWriter(bytes), 0); // nothing in it depends on where it lies
        return bytes.ToArray();
    }

    private void WriteFunction()
    {
        foreach ((AssemblerRegister64 register, string field) in (ReadOnlySpan<(AssemblerRegister64, string)>)
            [(Panel, nameof(PanelArguments.Panel)), (Values, nameof(PanelArguments.Values)), (Scales, nameof(PanelArguments.Scales)),
            (Corrections, nameof(PanelArguments.Corrections)), (Products, nameof(PanelArguments.Products)), (Zeros, nameof(PanelArguments.Zeros)), (Blocks, nameof(PanelArguments.Blocks))])
            code.mov(register, __qword_ptr[rdi + (int)System.Runtime.InteropServices.Marshal.OffsetOf<PanelArguments>(field)]);
        if (precision.Bits == 4)
        {
            code.mov(r11d, 0x0F0F0F0F);
            code.vmovd(xmm0, r11d);
            Emit(isWide ? Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32 : Code.VEX_Vpbroadcastd_ymm_xmmm32, Mask, Register.XMM0);
        }
        Clear(Sum(0, 0, 0));
        for (int row = 0; row < rows; row++)
        {
            for (int part = 0; part < Parts; part++)
                Emit(isWide ? Code.EVEX_Vmovups_zmmm512_k1z_zmm : Code.VEX_Vmovups_ymmm256_ymm, At(Products, ProductOffset(row, part)), Sum(0, 0, 0));
        }
        Label nextBlock = code.CreateLabel();
        code.Label(ref nextBlock);
        BeginSums();
        AddProducts();
        ScaleSums();
        code.dec(Blocks);
        code.jne(nextBlock);
        code.vzeroupper();
        code.ret();
    }

    /// <summary>Sums begin with minus what the unsigned weights will multiply too much: their zero times the activations' sum.</summary>
    private void BeginSums()
    {
        if (precision.HasZeroPoints)
        {
            for (int part = 0; part < Parts; part++)
                Emit(isWide ? Code.EVEX_Vpmovzxbd_zmm_k1z_xmmm128 : Code.VEX_Vpmovzxbd_ymm_xmmm64, Weights(part), At(Zeros, part * 8));
            code.add(Zeros, PanelLayout.Rows);
        }
        for (int row = 0; row < rows; row++)
        {
            Register first = Sum(0, row, 0);
            Emit(isWide ? Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32 : Code.VEX_Vpbroadcastd_ymm_xmmm32, precision.HasZeroPoints ? Spare : first, At(Corrections, row * sizeof(int)));
            for (int part = 0; part < Parts; part++)
            {
                if (precision.HasZeroPoints)
                    Emit(isWide ? Code.EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32 : Code.VEX_Vpmulld_ymm_ymm_ymmm256, Sum(0, row, part), Weights(part), Spare);
                else if (part > 0)
                    Emit(Code.VEX_Vmovdqa_ymm_ymmm256, Sum(0, row, part), first);
                for (int chain = 1; chain < chains; chain++)
                    Clear(Sum(chain, row, part));
            }
        }
        code.add(Corrections, rows * sizeof(int));
    }

    /// <summary>Goes along a block's lines: each holds four neighbouring weights of 16 rows, or at 4 bit eight.</summary>
    private void AddProducts()
    {
        int lines = precision.BlockSize * PanelLayout.Rows * precision.Bits / 8 / Line, stepsOfLine = 8 / precision.Bits;
        int unrolled = Math.Min(lines, Math.Max(chains, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, Dots / (rows * Parts * stepsOfLine)))));
        Label nextLines = code.CreateLabel();
        code.mov(r11d, lines / unrolled);
        code.Label(ref nextLines);
        for (int line = 0; line < unrolled; line++)
        {
            code.prefetcht0(__byte_ptr[Panel + (line * Line + Ahead)]);
            for (int step = 0; step < stepsOfLine; step++)
            {
                LoadWeights(line, step);
                AddStep(line * stepsOfLine + step);
            }
        }
        code.add(Panel, unrolled * Line);
        code.add(Values, unrolled * stepsOfLine * rows * 4);
        code.dec(Turns);
        code.jne(nextLines);
    }

    private void LoadWeights(int line, int step)
    {
        for (int part = 0; part < Parts; part++)
        {
            MemoryOperand place = At(Panel, line * Line + part * 32);
            Register weights = Weights(part);
            if (precision.Bits == 8)
            {
                Emit(isWide ? Code.EVEX_Vmovdqu32_zmm_k1z_zmmm512 : Code.VEX_Vmovdqu_ymm_ymmm256, weights, place);
            }
            else if (step == 0)
            {
                Emit(isWide ? Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32 : Code.VEX_Vpand_ymm_ymm_ymmm256, weights, Mask, place);
            }
            else
            {
                Emit(isWide ? Code.EVEX_Vmovdqu32_zmm_k1z_zmmm512 : Code.VEX_Vmovdqu_ymm_ymmm256, weights, place);
                code.AddInstruction(Instruction.Create(isWide ? Code.EVEX_Vpsrlw_zmm_k1z_zmmm512_imm8 : Code.VEX_Vpsrlw_ymm_ymm_imm8, weights, weights, 4));
                Emit(isWide ? Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32 : Code.VEX_Vpand_ymm_ymm_ymmm256, weights, weights, Mask);
            }
        }
    }

    /// <summary>Four activations of every row times the weights at hand.</summary>
    private void AddStep(int step)
    {
        for (int row = 0; row < rows; row++)
        {
            int offset = (step * rows + row) * 4;
            if (isWide)
            {
                Emit(Code.EVEX_Vpdpbusd_zmm_k1z_zmm_zmmm512b32, Sum(step % chains, row, 0), Weights(0), At(Values, offset, isBroadcast: true));
                continue;
            }
            Emit(Code.VEX_Vpbroadcastd_ymm_xmmm32, Spare, At(Values, offset));
            for (int part = 0; part < Parts; part++)
                Emit(Code.VEX_Vpdpbusd_ymm_ymm_ymmm256, Sum(step % chains, row, part), Weights(part), Spare);
        }
    }

    /// <summary>Adds a block's sums, times the scales of both sides, to the products. The weights' scales follow their values.</summary>
    private void ScaleSums()
    {
        code.prefetcht0(__byte_ptr[Panel + Ahead]);
        for (int row = 0; row < rows; row++)
        {
            Emit(isWide ? Code.EVEX_Vbroadcastss_zmm_k1z_xmmm32 : Code.VEX_Vbroadcastss_ymm_m32, Spare, At(Scales, row * sizeof(float)));
            for (int part = 0; part < Parts; part++)
            {
                Register sum = Sum(0, row, part), scale = Weights(0);
                for (int chain = 1; chain < chains; chain++)
                    Emit(isWide ? Code.EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32 : Code.VEX_Vpaddd_ymm_ymm_ymmm256, sum, sum, Sum(chain, row, part));
                Emit(isWide ? Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er : Code.VEX_Vmulps_ymm_ymm_ymmm256, scale, Spare, At(Panel, part * 32));
                Emit(isWide ? Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er : Code.VEX_Vcvtdq2ps_ymm_ymmm256, sum, sum);
                MemoryOperand product = At(Products, ProductOffset(row, part));
                Emit(isWide ? Code.EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er : Code.VEX_Vfmadd213ps_ymm_ymm_ymmm256, sum, scale, product);
                Emit(isWide ? Code.EVEX_Vmovups_zmmm512_k1z_zmm : Code.VEX_Vmovups_ymmm256_ymm, product, sum);
            }
        }
        code.add(Panel, Line);
        code.add(Scales, rows * sizeof(float));
    }

    private static int ProductOffset(int row, int part) => (row * PanelLayout.Rows + part * 8) * sizeof(float);

    // The registers: sums from the first on; then weights (one or two), a spare one and the mask of a nibble.
    private Register Sum(int chain, int row, int part) => Vector((chain * rows + row) * Parts + part);

    private Register Weights(int part) => Vector(SumRegisters + part);

    private Register Spare => Vector(SumRegisters + Parts);

    private Register Mask => Vector(SumRegisters + Parts + 1);

    private Register Vector(int index) => (isWide ? Register.ZMM0 : Register.YMM0) + index;

    private void Clear(Register register) => Emit(isWide ? Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32 : Code.VEX_Vpxor_ymm_ymm_ymmm256, register, register, register);

    private static MemoryOperand At(Register place, int offset, bool isBroadcast = false) => new(place, Register.None, 1, offset, 1, isBroadcast, Register.None);

    private void Emit(Code instruction, Register to, Register from) => code.AddInstruction(Instruction.Create(instruction, to, from));

    private void Emit(Code instruction, Register to, MemoryOperand from) => code.AddInstruction(Instruction.Create(instruction, to, from));

    private void Emit(Code instruction, MemoryOperand to, Register from) => code.AddInstruction(Instruction.Create(instruction, to, from));

    private void Emit(Code instruction, Register to, Register a, Register b) => code.AddInstruction(Instruction.Create(instruction, to, a, b));

    private void Emit(Code instruction, Register to, Register a, MemoryOperand b) => code.AddInstruction(Instruction.Create(instruction, to, a, b));
}
